/**
 * `npm start`: a pool over five relays that misbehave. `npm start -- wss://relay.example`: the same table for relays of yours.
 */
import { ReplaySubject } from 'rxjs';
import { relayUrl, type RelayUrl, RelayUrlError } from '../../src/index.ts';
import { runFiveRelays } from './demo.ts';
import { openScreen } from './screen.ts';
import { visitRelays } from './visit.ts';

const WRONG_USAGE = 2;

function readRelays(values: readonly string[]): readonly RelayUrl[] | undefined {
  try {
    return [...new Set(values.map(relayUrl))];
  } catch (error) {
    if (!(error instanceof RelayUrlError)) throw error;
    process.stderr.write(`${error.message}\n\nUsage: npm start            five relays on this machine\n`);
    process.stderr.write('       npm start -- <url>…  relays of yours, read only\n');
    return undefined;
  }
}

const relays = readRelays(process.argv.slice(2));
if (relays) {
  const interrupted$ = new ReplaySubject<void>(1);
  const interrupt = (): void => interrupted$.next();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const screen = openScreen(process.stdout, process.env);
  process.exitCode =
    relays.length > 0 ? await visitRelays(relays, screen, interrupted$) : await runFiveRelays(screen, interrupted$);
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
} else process.exitCode = WRONG_USAGE;
