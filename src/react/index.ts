'use client';

export type { EventFilter, EventListOptions, FrameOptions } from '../pool/event-list.ts';
export { RelayPoolProvider, type RelayPoolProviderProps, useRelayPool } from './relay-pool-provider.ts';
export { useEvents } from './use-events.ts';
export { type Publishing, type PublishingOptions, usePublish } from './use-publish.ts';
export { useRelays } from './use-relays.ts';
