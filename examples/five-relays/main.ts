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

/** The run is over, so nothing may keep the process alive; this timer does not either, and fires only where something does. */
function watchForLeaks(): void {
  const report = (): void => {
    process.stderr.write(
      `The process does not end by itself; still open: ${process.getActiveResourcesInfo().join(', ')}\n`,
    );
    process.exit(1);
  };
  setTimeout(report, 3_000).unref();
}

const relays = readRelays(process.argv.slice(2));
if (relays) {
  const screen = openScreen(process.stdout, process.env);
  // However it ends, the cursor is to be seen again.
  process.once('exit', () => screen.end());
  const interrupted$ = new ReplaySubject<void>(1);
  const interrupt = (): void => interrupted$.next();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  process.exitCode = await (relays.length > 0
    ? visitRelays(relays, screen, interrupted$)
    : runFiveRelays(screen, interrupted$));
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  watchForLeaks();
} else process.exitCode = WRONG_USAGE;
