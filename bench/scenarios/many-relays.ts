import { collect } from './collect.ts';
import { ours, trusting } from './participants.ts';
import type { Scenario } from './scenario.ts';

const RELAYS = 200;
const EACH = 100;

export const manyRelays: Scenario = {
  name: 'i',
  title: `${RELAYS} relays with ${EACH} events each`,
  about:
    'All different. Ours has 20 sockets at a time by default, which a browser needs, and the relays take turns; "200 sockets" lets it dial all at once, as the others do.',
  cases: ['20,000 events'],
  participants: () => [...trusting, ours('sockets', 'ours, 200 sockets')],
  relays: () => Array.from({ length: RELAYS }, (_, i) => ({ from: i * EACH, stored: EACH })),
  rounds: 5,
  limit: 20_000,
  measure: (world) => collect(world, RELAYS * EACH),
};
