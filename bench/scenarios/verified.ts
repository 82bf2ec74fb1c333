import { collect } from './collect.ts';
import { verifying, verifyingFast } from './participants.ts';
import type { Scenario, World } from './scenario.ts';
import { verifyOnce } from './verify-once.ts';

const EVENTS = 3_000;

export const verified: Scenario = {
  name: 'c',
  title: `Five relays with the same ${EVENTS.toLocaleString('en')} events, verified`,
  about:
    'Each library with its default verifier and with the fastest that it takes, until the last event is delivered. The reference verifies each event once with ' +
    'nostr-wasm, in one thread, without a relay.',
  cases: ['15,000 frames'],
  participants: () => [
    { name: 'nostr-wasm, once', client: 'fast-verify', verify: 'best' },
    ...verifying,
    ...verifyingFast,
  ],
  relays: () => Array.from({ length: 5 }, () => ({ stored: EVENTS })),
  rounds: 3,
  limit: 30_000,
  measure: (world: World) => (world.client === 'fast-verify' ? verifyOnce(world, EVENTS) : collect(world, EVENTS)),
};
