import { type NostrEvent, replaceableKey, supersedes } from '../protocol/event.ts';

/**
 * The newest events of those that were added, in order: newest first, on a tie the lower id first, as relays send them (NIP-01). Each is there once,
 * and of the versions of a replaceable or addressable event only the current one.
 */
export class NewestEvents {
  readonly #sorted: NostrEvent[] = [];
  /** Of the replaceable and addressable ones, by their key. */
  readonly #versions = new Map<string, NostrEvent>();
  #copy: readonly NostrEvent[] | undefined = [];

  /** @throws RangeError when the limit is not a whole number above 0. */
  constructor(readonly limit: number) {
    if (!(Number.isInteger(limit) && limit > 0)) {
      throw new RangeError(`A list of events has a limit that is a whole number above 0, not ${limit}.`);
    }
  }

  /** The events as they are now; the same array until something changes. */
  get events(): readonly NostrEvent[] {
    return (this.#copy ??= this.#sorted.slice());
  }

  /** Puts an event in its place, unless it is there, is out of date, or is too old for a full list; says whether that changed anything. */
  add(event: NostrEvent): boolean {
    const key = replaceableKey(event);
    const version = key === undefined ? undefined : this.#versions.get(key);
    if (version && !supersedes(event, version)) return false;
    const place = this.#placeOf(event);
    if (place >= this.limit || this.#sorted[place]?.id === event.id) return false;
    if (version) this.#sorted.splice(this.#placeOf(version), 1);
    this.#sorted.splice(place, 0, event);
    if (key !== undefined) this.#versions.set(key, event);
    if (this.#sorted.length > this.limit) this.#forget(this.#sorted.pop());
    this.#copy = undefined;
    return true;
  }

  /** Leaves out the events that are not wanted any more; says whether that changed anything. */
  retain(isWanted: (event: NostrEvent) => boolean): boolean {
    const wanted = this.#sorted.filter(isWanted);
    if (wanted.length === this.#sorted.length) return false;
    this.#sorted.length = 0;
    this.#versions.clear();
    for (const event of wanted) this.add(event);
    this.#copy = undefined;
    return true;
  }

  /** How many events come before it. */
  #placeOf(event: NostrEvent): number {
    let [from, to] = [0, this.#sorted.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      const other = this.#sorted[middle];
      if (other && supersedes(other, event)) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  #forget(event: NostrEvent | undefined): void {
    const key = event && replaceableKey(event);
    if (key !== undefined) this.#versions.delete(key);
  }
}
