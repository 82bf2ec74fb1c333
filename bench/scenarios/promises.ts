import { collect } from './collect.ts';
import { raw } from './participants.ts';
import type { Participant, Scenario } from './scenario.ts';

const ONE = { name: 'one relay, 20,000 events', events: 20_000, relays: 1 };
const FIVE = { name: 'five relays with the same 10,000 events', events: 10_000, relays: 5 };

const caseOf = (name: string): typeof ONE => (name === FIVE.name ? FIVE : ONE);

const step = (variant: string, name: string): Participant => ({ name, client: 'promises', verify: 'no', variant });

export const promises: Scenario = {
  name: 'promises',
  title: 'What promises cost the bare client',
  about:
    'The bare client of a and b, which keeps one more of our promises with each line, in as few steps as can be. It shows how near to the bare client one can come ' +
    'that keeps them; what ours takes beyond the last line is for all that is not in it: verdicts and their order, limits on what waits, budgets, resuming, gaps, explanations.',
  cases: [ONE.name, FIVE.name],
  participants: () => [
    raw,
    step('once', '+ once, duplicates unread'),
    step('form', '+ the form of events is checked'),
    step('match', '+ what does not match is dropped'),
    step('memory', '+ the last 10,000 are kept'),
    step('packets', '+ packets by RxJS'),
    { ...raw, name: 'ours', client: 'ours' },
  ],
  relays: (of) => Array.from({ length: caseOf(of).relays }, () => ({ stored: caseOf(of).events })),
  rounds: 5,
  limit: 20_000,
  measure: (world) => collect(world, caseOf(world.of).events),
};
