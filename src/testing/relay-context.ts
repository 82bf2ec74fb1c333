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
  /** Sends an event to every subscription that it matches. */
  broadcast(event: NostrEvent): void;
  /** Takes note of a message. */
  note(connection: number, message: ClientMessage): void;
}

/** Seconds, by the relay's scheduler. */
export function seconds(context: Pick<RelayContext, 'scheduler'>): number {
  return Math.floor(context.scheduler.now() / 1000);
}
