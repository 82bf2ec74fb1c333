import type { NostrEvent } from '../protocol/event.ts';

/** One stored event with what the store needs to know of it at every query. */
export interface Entry {
  readonly event: NostrEvent;
  /** Counts up with every event stored. */
  readonly sequence: number;
  /** Seconds (NIP-40), or Infinity. */
  readonly expires: number;
}

/**
 * How a relay orders events of one second. NIP-01 wants the lowest id first; relays break ties as they like.
 *
 * @example
 * ```ts
 * import { TestRelay, type TieBreak } from 'rx-relay-pool/testing';
 *
 * const tieBreak: TieBreak = 'first-stored';
 * const relay = await TestRelay.start({ faults: { tieBreak } });
 * ```
 */
export type TieBreak = 'lowest-id' | 'highest-id' | 'first-stored' | 'last-stored';

type Comparator = (a: Entry, b: Entry) => number;

const byId: Comparator = ({ event: a }, { event: b }) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
const bySequence: Comparator = (a, b) => a.sequence - b.sequence;

const ties: Readonly<Record<TieBreak, Comparator>> = {
  'lowest-id': byId,
  'highest-id': (a, b) => byId(b, a),
  'first-stored': bySequence,
  'last-stored': (a, b) => bySequence(b, a),
};

/** Newest first, events of one second as `tieBreak` wants. */
export function newestFirst(tieBreak: TieBreak): Comparator {
  const tie = ties[tieBreak];
  return (a, b) => b.event.created_at - a.event.created_at || tie(a, b);
}

const inOrder = newestFirst('lowest-id');

/** More changes than this at a time are made in one go over all entries instead of one by one. */
const inOneGo = 32;

/**
 * Entries in NIP-01's order. What comes and goes is only noted until somebody reads, and is then worked in at once, so
 * that loading 100,000 events does not shift an array 100,000 times.
 */
export class TimeOrder {
  #sorted: Entry[] = [];
  readonly #added = new Set<Entry>();
  readonly #removed = new Set<Entry>();

  add(entry: Entry): void {
    this.#added.add(entry);
  }

  remove(entry: Entry): void {
    if (!this.#added.delete(entry)) this.#removed.add(entry);
  }

  /** Visits from the newest to the oldest with `created_at` in [since, until], until `visit` says that it is enough. */
  scan(since: number, until: number, tieBreak: TieBreak, visit: (entry: Entry) => 'enough' | undefined): void {
    this.#settle();
    const sorted = this.#sorted;
    // The empty id comes before every id of its second.
    let at = this.#placeOf(until, '');
    for (let first = sorted[at]; first && first.event.created_at >= since; first = sorted[at]) {
      if (tieBreak === 'lowest-id') {
        if (visit(first) === 'enough') return;
        at += 1;
      } else {
        const end = this.#placeOf(first.event.created_at - 1, '');
        for (const entry of sorted.slice(at, end).sort(ties[tieBreak])) if (visit(entry) === 'enough') return;
        at = end;
      }
    }
  }

  clear(): void {
    this.#sorted = [];
    this.#added.clear();
    this.#removed.clear();
  }

  /** The index of the first sorted entry that does not come before an event of this time and id. */
  #placeOf(createdAt: number, id: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const event = this.#sorted[middle]?.event;
      const before = event && (event.created_at > createdAt || (event.created_at === createdAt && event.id < id));
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #settle(): void {
    // What went comes first: an id may have come back, and would stand where the old one still is.
    if (this.#removed.size > inOneGo) {
      this.#sorted = this.#sorted.filter((entry) => !this.#removed.has(entry));
    } else {
      for (const { event } of this.#removed) this.#sorted.splice(this.#placeOf(event.created_at, event.id), 1);
    }
    this.#removed.clear();
    if (this.#added.size > inOneGo) {
      // Two sorted runs, one after the other: the engine's merge sort finds and merges them in linear time.
      this.#sorted = this.#sorted.concat([...this.#added].sort(inOrder)).sort(inOrder);
    } else {
      for (const entry of this.#added) {
        this.#sorted.splice(this.#placeOf(entry.event.created_at, entry.event.id), 0, entry);
      }
    }
    this.#added.clear();
  }
}
