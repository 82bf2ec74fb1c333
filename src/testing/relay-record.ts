import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { Span } from '../policies/page.ts';

/** What a history tells of one relay; when something happened is told by its place in the history. */
export class RelayRecord {
  isMember = false;
  joinedIn = -Infinity;
  /** What it holds, and since when. */
  readonly held = new Map<string, { readonly event: NostrEvent; readonly since: number }>();
  /** Whatever it held at any time, and what verified of the rest that it sent: it has that too. */
  readonly ever = new Map<string, NostrEvent>();
  /** Ids of events that reached this side from it. */
  readonly sent = new Set<string>();
  /** Where a fault kept an event from a subscriber, the last time. */
  readonly withheldIn = new Map<string, number>();

  stored(event: NostrEvent, place: number): void {
    this.held.set(event.id, { event, since: place });
    this.ever.set(event.id, event);
  }

  /** It sent this one, which it need not have stored. */
  sends(event: NostrEvent, verify: (event: NostrEvent) => boolean): void {
    this.sent.add(event.id);
    if (!this.ever.has(event.id) && verify(event)) this.ever.set(event.id, event);
  }
}

/** What one subscriber was told of one relay, about one filter. */
export interface Standing {
  /** The place in the history since which it is asked. */
  readonly since: number;
  /** The last word: `eose`, `closed`, or why it is lost. */
  word: string | undefined;
  /** The first EOSE. */
  eoseIn: number;
  readonly gaps: Span[];
}

/** Whether a request for `asked` brings what a subscriber to `wanted` is to get, times and limits left aside. */
export function isServedBy(wanted: readonly Filter[], asked: readonly Filter[]): boolean {
  return wanted.some((want) => asked.some((ask) => isWider(ask, want)));
}

function isWider(wide: Filter, narrow: Filter): boolean {
  return Object.entries(wide).every(([key, values]: [string, unknown]) => {
    if (!Array.isArray(values)) return true;
    const wanted: unknown = (narrow as Record<string, unknown>)[key];
    return Array.isArray(wanted) && wanted.every((value) => values.includes(value));
  });
}
