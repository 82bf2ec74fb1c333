export type { EventFilter, EventListOptions, FrameOptions } from '../pool/event-list.ts';
export { injectRelayPool, provideRelayPool } from './relay-pool.ts';
export { type EventsSignalOptions, eventsSignal } from './events-signal.ts';
export { relaysSignal, type RelaysSignalOptions } from './relays-signal.ts';
