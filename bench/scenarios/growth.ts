import { collect } from './collect.ts';
import { listen } from './live.ts';
import { ours, raw } from './participants.ts';
import type { Scenario } from './scenario.ts';

const EVENTS = 20_000;
const common = { rounds: 3, limit: 30_000 };
const mine = { name: 'ours', client: 'ours', verify: 'no' } as const;

/** How what an event costs grows with something, while all else stays. The cases are numbers of it. */
export const growthScenarios: readonly Scenario[] = [
  {
    ...common,
    name: 'relays',
    title: 'relays',
    about: `${EVENTS.toLocaleString('en')} stored events, all different, spread over so many relays.`,
    cases: ['1', '5', '20', '50', '200'],
    participants: () => [raw, mine, ours('sockets', 'ours, a socket for each relay')],
    relays: (of) => {
      const each = EVENTS / Number(of);
      return Array.from({ length: Number(of) }, (_, i) => ({ from: i * each, stored: each }));
    },
    measure: (world) => collect(world, EVENTS),
  },
  {
    ...common,
    name: 'subscriptions',
    title: 'live subscriptions',
    about: `${EVENTS.toLocaleString('en')} live events of one relay, for so many subscriptions of one topic each in turn.`,
    cases: ['1', '10', '100', '1,000'],
    participants: () => [raw, mine, ours('alone', 'ours, own REQs')],
    relays: () => [{}],
    measure: (world) => listen(world, countOf(world.of), EVENTS / countOf(world.of)),
  },
  {
    ...common,
    name: 'events',
    title: 'events',
    about: 'So many live events of one relay, for one subscription.',
    cases: ['1,000', '10,000', '100,000'],
    participants: () => [raw, mine],
    relays: () => [{}],
    measure: (world) => listen(world, 1, countOf(world.of)),
  },
];

function countOf(name: string): number {
  return Number(name.replaceAll(',', ''));
}
