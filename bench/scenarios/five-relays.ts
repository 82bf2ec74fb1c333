import { collect } from './collect.ts';
import { ours, trusting } from './participants.ts';
import type { Scenario } from './scenario.ts';

const EVENTS = 10_000;

export const fiveRelays: Scenario = {
  name: 'b',
  title: `Five relays with the same ${EVENTS.toLocaleString('en')} events, no verification`,
  about:
    'Four of five copies are duplicates. To the end of the request at all five. On the platform’s WebSocket, which hands out strings as it does in browsers, ours ' +
    'is compared with a bare client on the same.',
  cases: ['50,000 frames'],
  participants: () => [
    ...trusting,
    { name: 'raw, platform', client: 'raw-platform', verify: 'no', variant: 'platform' },
    ours('platform', 'ours, platform', 'raw, platform'),
  ],
  relays: () => Array.from({ length: 5 }, () => ({ stored: EVENTS })),
  rounds: 5,
  limit: 20_000,
  measure: (world) => collect(world, EVENTS),
};
