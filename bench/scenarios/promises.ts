import type { Measured } from '../client-process/measured.ts';
import type { RelayPlan } from '../relay-process/messages.ts';
import { firstEvent } from './first-event.ts';
import { fiveRelays } from './five-relays.ts';
import { listen } from './live.ts';
import { manyRelays } from './many-relays.ts';
import { oneRelay } from './one-relay.ts';
import { raw } from './participants.ts';
import { publish } from './publish.ts';
import type { Participant, Scenario, World } from './scenario.ts';
import { verified } from './verified.ts';

interface Case {
  readonly participants: readonly Participant[];
  readonly relays: readonly RelayPlan[];
  readonly measure: (world: World) => Promise<Measured>;
}

const ours: Participant = { ...raw, name: 'ours', client: 'ours' };
const step = (variant: string, name: string, client = 'promises'): Participant => ({ ...raw, name, client, variant });

/** What is kept for each event that comes. */
const taking: readonly Participant[] = [
  raw,
  step('once', '+ once, duplicates unread'),
  step('form', '+ the form of events is checked'),
  step('match', '+ what does not match is dropped'),
  step('memory', '+ the last 10,000 are kept'),
  step('packets', '+ packets by RxJS'),
  ours,
];
/** The same on the platform's WebSocket. */
const takingOnPlatform = taking.map(({ name, client, variant, ...rest }): Participant => {
  if (client === 'promises') return { ...rest, name, client, variant: `platform-${variant}` };
  return {
    ...rest,
    name: `${name}, platform`,
    client: client === 'raw' ? 'raw-platform' : client,
    variant: 'platform',
  };
});
const verifying = step('verified', '+ matches, and is verified', 'promises-verified');
const oursVerifying: Participant = { ...ours, verify: 'default' };

/** Another scenario, with these participants. */
const as = (scenario: Scenario, participants: readonly Participant[]): Case => ({
  participants,
  relays: scenario.relays(scenario.cases[0] ?? ''),
  measure: (world) => scenario.measure(world),
});

const CASES = new Map<string, Case>([
  ['a: one relay, 20,000 events', as(oneRelay, taking)],
  ['b: five relays with the same 10,000 events', as(fiveRelays, taking)],
  ['b: the same on the platform’s WebSocket', as(fiveRelays, takingOnPlatform)],
  [
    'c: five relays with the same 3,000 events, verified',
    as(verified, [{ name: 'nostr-wasm, once', client: 'fast-verify', verify: 'best' }, raw, verifying, oursVerifying]),
  ],
  [
    'd: 2,000 events published to three relays',
    as(publish, [
      raw,
      step('deadline', '+ a deadline at each relay', 'promised-publish'),
      step('reports', '+ reports by RxJS', 'promised-publish'),
      step('stages', '+ breaker, latencies and queue of each relay', 'promised-stages'),
      ours,
    ]),
  ],
  [
    'e: 200 subscriptions, 50 events each',
    { participants: taking, relays: [{}], measure: (world) => listen(world, 200, 50) },
  ],
  ['i: 200 relays with 100 events each', as(manyRelays, taking)],
  [
    'k1: the first event',
    as(firstEvent, [raw, { ...raw, name: 'raw, all relays', variant: 'all' }, verifying, oursVerifying]),
  ],
]);

const caseOf = (name: string): Case => {
  const found = CASES.get(name);
  if (!found) throw new RangeError(`There is no case '${name}'.`);
  return found;
};

export const promises: Scenario = {
  name: 'promises',
  title: 'What promises cost the bare client',
  about:
    'The bare client of other scenarios, which keeps one more of our promises with each line, in as few steps as can be. It shows how near to the bare client one can come ' +
    'that keeps them; what ours takes beyond the last line is for all that is not in it: the order of verdicts, limits on what waits, budgets, resuming, gaps, retries, explanations.',
  cases: [...CASES.keys()],
  participants: (of) => caseOf(of).participants,
  relays: (of) => caseOf(of).relays,
  rounds: 5,
  limit: 20_000,
  measure: (world) => caseOf(world.of).measure(world),
};
