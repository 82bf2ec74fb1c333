import { isWellFormedEvent, type NostrEvent } from '../../protocol/event.ts';
import { RECORD_BYTES } from './schnorr-engine.ts';

/** What each character code says as a hex digit. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, '0123456789abcdef'.indexOf(String.fromCharCode(code))),
);

/** Not as a type guard: what is typed as an event may be anything at run time. */
const isWellFormed: (event: NostrEvent) => boolean = isWellFormedEvent;

/**
 * A record for each event: id, public key and signature as bytes. What is not well-formed, or has another id than its content says, becomes a
 * record of zeros: as a public key that is not on the curve, so its verdict is no.
 */
export function packRecords(
  events: readonly NostrEvent[],
  idOf: (event: NostrEvent) => string,
): Uint8Array<ArrayBuffer> {
  const records = new Uint8Array(events.length * RECORD_BYTES);
  events.forEach((event, index) => {
    if (!isWellFormed(event) || idOf(event) !== event.id) return;
    const at = index * RECORD_BYTES;
    writeHex(records, at, event.id);
    writeHex(records, at + 32, event.pubkey);
    writeHex(records, at + 64, event.sig);
  });
  return records;
}

function writeHex(bytes: Uint8Array, at: number, hex: string): void {
  for (let i = 0; i < hex.length; i += 2, at++) bytes[at] = (digit(hex, i) << 4) | digit(hex, i + 1);
}

function digit(hex: string, index: number): number {
  return DIGITS[hex.charCodeAt(index)] ?? 0;
}
