import { collect } from './collect.ts';
import { trusting } from './participants.ts';
import type { Scenario } from './scenario.ts';

const EVENTS = 20_000;

export const oneRelay: Scenario = {
  name: 'a',
  title: `One relay, ${EVENTS.toLocaleString('en')} events, no verification`,
  about: 'From the making of the client to the end of the request: connecting, parsing, each event handed out once.',
  cases: ['20,000 events'],
  participants: () => trusting,
  relays: () => [{ stored: EVENTS }],
  rounds: 5,
  limit: 20_000,
  measure: (world) => collect(world, EVENTS),
};
