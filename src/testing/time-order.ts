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

/** A burst of more new entries than this is merged in one go instead of being inserted one by one. */
const mergeAbove = 32;

/**
 * Entries in NIP-01's order. New ones wait aside until somebody reads, and are then merged at once, so that loading
 * 100,000 events does not shift an array 100,000 times.
 */
export class TimeOrder {
  #sorted: Entry[] = [];
  #fresh: Entry[] = [];

  add(entry: Entry): void {
    this.#fresh.push(entry);
  }

  remove(entry: Entry): void {
    this.#settle();
    const at = this.#placeOf(entry.event.created_at, entry.event.id);
    if (this.#sorted[at] === entry) this.#sorted.splice(at, 1);
  }

  /** From the newest to the oldest with `created_at` in [since, until]. */
  *between(since: number, until: number, tieBreak: TieBreak): Generator<Entry, void> {
    this.#settle();
    // The empty id comes before every id of its second.
    let at = this.#placeOf(until, '');
    for (;;) {
      const first = this.#sorted[at];
      if (!first || first.event.created_at < since) return;
      if (tieBreak === 'lowest-id') {
        yield first;
        at += 1;
      } else {
        const end = this.#placeOf(first.event.created_at - 1, '');
        yield* this.#sorted.slice(at, end).sort(ties[tieBreak]);
        at = end;
      }
    }
  }

  clear(): void {
    this.#sorted = [];
    this.#fresh = [];
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
    if (this.#fresh.length === 0) return;
    if (this.#fresh.length <= mergeAbove) {
      for (const entry of this.#fresh) {
        this.#sorted.splice(this.#placeOf(entry.event.created_at, entry.event.id), 0, entry);
      }
    } else {
      // Two sorted runs, one after the other: the engine's merge sort finds and merges them in linear time.
      this.#sorted = this.#sorted.concat(this.#fresh.sort(inOrder)).sort(inOrder);
    }
    this.#fresh = [];
  }
}
