export type { EventFilter, EventListOptions, FrameOptions } from '../pool/event-list.ts';
export { events } from './events.ts';
export type { Reading } from './reading.ts';
export { getRelayPool, setRelayPool } from './relay-pool.ts';
export { relays } from './relays.ts';
