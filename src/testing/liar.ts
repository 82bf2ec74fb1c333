import type { NostrEvent } from '../protocol/event.ts';
import type { Lie } from './faults.ts';
import { signedEvent, testKey } from './identity.ts';

const tenYears = 315_360_000;
const unmatchedKinds = [1, 7, 30_023, 9_999];
const maximumSigned = 16;

/**
 * Makes up what a lying relay sends. Lies that need a valid signature are signed with a key of the liar's own, sixteen
 * of a kind at most, since signing takes long.
 */
export class Liar {
  readonly #key = testKey(666);
  readonly #unmatched = new Map<number, NostrEvent[]>();
  #told = 0;

  /**
   * The lie told about an event, or `undefined` where none can be told.
   *
   * @param matches what the subscriber asked for
   * @param now seconds
   */
  lie(kind: Lie, event: NostrEvent, matches: (event: NostrEvent) => boolean, now: number): NostrEvent | undefined {
    switch (kind) {
      case 'forged-signature':
        return { ...event, sig: flipped(event.sig) };
      case 'forged-content':
        return { ...event, content: `${event.content} (forged)` };
      case 'wrong-id':
        return { ...event, id: flipped(event.id) };
      case 'unmatched':
        return this.unmatched(matches);
      case 'future-dated':
        return signedEvent({ ...event, created_at: now + tenYears }, this.#key);
    }
  }

  /** A validly signed event that `matches` does not want, or `undefined` when it wants everything. */
  unmatched(matches: (event: NostrEvent) => boolean): NostrEvent | undefined {
    this.#told += 1;
    for (const kind of unmatchedKinds) {
      const event = this.#signedOf(kind);
      if (!matches(event)) return event;
    }
    return undefined;
  }

  #signedOf(kind: number): NostrEvent {
    const signed = this.#unmatched.get(kind) ?? [];
    this.#unmatched.set(kind, signed);
    const at = this.#told % maximumSigned;
    const known = signed[at];
    if (known) return known;
    const event = signedEvent({ kind, content: `nobody asked for this (${at})`, tags: [['d', `${at}`]] }, this.#key);
    signed[at] = event;
    return event;
  }
}

/** The same length of hex with its last digit changed. */
function flipped(hex: string): string {
  return hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
}
