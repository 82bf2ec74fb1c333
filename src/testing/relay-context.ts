import type { SchedulerLike } from 'rxjs';
import type { NostrEvent } from '../protocol/event.ts';
import type { ClientMessage } from '../protocol/message.ts';
import type { EventStore } from './event-store.ts';
import type { RelayFaults } from './faults.ts';
import type { Liar } from './liar.ts';
import type { RelayLimits, RelayOptions } from './relay-options.ts';

/** What the connections of one relay share. */
export interface RelayContext {
  readonly url: string;
  readonly options: RelayOptions;
  readonly limits: RelayLimits;
  readonly faults: RelayFaults;
  readonly store: EventStore;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  readonly liar: Liar;
  /** Milliseconds by which the relay's clock is ahead. */
  readonly clockSkew: number;
  /** Sends an event to every subscription that it matches. */
  broadcast(event: NostrEvent): void;
  /** Takes note of a message. */
  note(connection: number, message: ClientMessage): void;
  /** Takes note of an event that a subscriber had a right to and was not sent. */
  withheld(event: NostrEvent): void;
}

/** Seconds, by the relay's clock. */
export function seconds({ scheduler, clockSkew }: Pick<RelayContext, 'scheduler' | 'clockSkew'>): number {
  return Math.floor((scheduler.now() + clockSkew) / 1000);
}
