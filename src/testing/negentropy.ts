import { nip77 } from 'nostr-tools';
import { bytesToHex, hexToBytes } from 'nostr-tools/utils';
import type { NostrEvent } from '../protocol/event.ts';
import { ByteQueue } from './byte-queue.ts';

type Bound = Parameters<nip77.Negentropy['encodeBound']>[0];

const version = 0x61;
const idSize = 32;
const fingerprintSize = 16;
const skipMode = 0;
const fingerprintMode = 1;
const idListMode = 2;

/** nostr-tools writes times as signed 32-bit numbers, where this one still fits with its offset. */
const latestTime = 2 ** 31 - 2;

/**
 * The relay's side of a reconciliation (NIP-77, Negentropy V1) over a fixed set of events.
 *
 * nostr-tools brings the format, the fingerprints and the splitting, but only the client's side of the exchange: on a
 * list of ids it learns and stays silent, where a relay has to answer with its own list. That answer is here. Events
 * later than January 2038 do not take part.
 */
export class NegentropyResponder extends nip77.Negentropy {
  constructor(items: readonly Pick<NostrEvent, 'id' | 'created_at'>[]) {
    const storage = new nip77.NegentropyStorageVector();
    for (const { created_at, id } of items) if (created_at <= latestTime) storage.insert(created_at, id);
    storage.seal();
    super(storage);
  }

  /**
   * The answer to a message, both in hex.
   *
   * @throws Error when the message is none of Negentropy's
   */
  override reconcile(message: string): string {
    const query = new ByteQueue(hexToBytes(message.toLowerCase()));
    const asked = query.shift();
    if (asked < 0x60 || asked > 0x6f) throw new Error('the first byte is no protocol version');
    // A lone version byte asks the client to come down to it.
    if (asked !== version) return bytesToHex(Uint8Array.of(version));
    this.lastTimestampIn = this.lastTimestampOut = 0;
    const answer = new ByteQueue(Uint8Array.of(version));
    let previous = { index: 0, bound: this._bound(0) };
    let isSkipping = false;
    while (query.length > 0) {
      const split = ByteQueue.empty();
      const bound = this.decodeBound(query);
      const mode = query.shiftVarint();
      const lower = previous.index;
      let upper = this.storage.findLowerBound(lower, this.storage.size(), bound);
      if (this.#isAgreed(mode, query, lower, upper)) {
        isSkipping = true;
      } else {
        if (isSkipping) this.#writeMode(answer, previous.bound, skipMode);
        isSkipping = false;
        if (mode === fingerprintMode) this.splitRange(lower, upper, bound, split);
        else upper = this.#writeIds(answer, lower, upper, bound);
      }
      // What goes over the frame's limit is left for the next round, under one fingerprint.
      if (this.exceededFrameSizeLimit(answer.length + split.length)) {
        this.#writeMode(answer, this._bound(Number.MAX_VALUE), fingerprintMode);
        answer.extend(this.storage.fingerprint(split.length > 0 ? lower : upper, this.storage.size()));
        break;
      }
      answer.extend(split);
      previous = { index: upper, bound };
    }
    return bytesToHex(answer.unwrap());
  }

  /** Reads what a range brings; whether it needs no answer. */
  #isAgreed(mode: number, query: ByteQueue, lower: number, upper: number): boolean {
    if (mode === skipMode) return true;
    if (mode === fingerprintMode) {
      return bytesToHex(query.shiftN(fingerprintSize)) === bytesToHex(this.storage.fingerprint(lower, upper));
    }
    if (mode !== idListMode) throw new Error('a range has an unknown mode');
    query.shiftN(query.shiftVarint() * idSize);
    return false;
  }

  /** Writes the ids from `lower` to `upper`, or as many as the frame holds; returns where it stopped. */
  #writeIds(answer: ByteQueue, lower: number, upper: number, bound: Bound): number {
    const ids = ByteQueue.empty();
    let end = { index: upper, bound };
    this.storage.iterate(lower, upper, (item, index) => {
      if (this.exceededFrameSizeLimit(answer.length + ids.length)) {
        end = { index, bound: this._bound(item.timestamp, item.id) };
        return false;
      }
      ids.extend(item.id);
      return true;
    });
    this.#writeMode(answer, end.bound, idListMode);
    answer.extendVarint(ids.length / idSize);
    answer.extend(ids);
    return end.index;
  }

  #writeMode(answer: ByteQueue, bound: Bound, mode: number): void {
    answer.extend(this.encodeBound(bound));
    answer.extendVarint(mode);
  }
}
