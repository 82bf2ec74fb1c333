import type { NostrEvent } from '../../src/protocol/event.ts';
import { signedEvent, testKey } from '../../src/testing/index.ts';
import { loadCode } from '../../src/verifiers/wasm/load-code.ts';
import { packRecords } from '../../src/verifiers/wasm/pack-records.ts';
import { RECORD_BYTES, SchnorrEngine } from '../../src/verifiers/wasm/schnorr-engine.ts';
import { idOf } from '../../src/verifiers/wasm/platform.node.ts';

/** The order of the curve's group (SEC 2). */
export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Signed events by so many authors in turn. */
export function signedEvents(count: number, authors = 5): NostrEvent[] {
  return Array.from({ length: count }, (_, n) =>
    signedEvent({ content: `number ${n}`, created_at: 1_767_225_600 + n }, testKey(n % authors)),
  );
}

export const recordsOf = (events: readonly NostrEvent[]): Uint8Array<ArrayBuffer> => packRecords(events, idOf);

export const recordAt = (records: Uint8Array, index: number): Uint8Array =>
  records.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES);

/** An engine with a memory of its own. */
export async function newEngine(): Promise<{ engine: SchnorrEngine; memory: WebAssembly.Memory }> {
  const { module } = await loadCode();
  const instance = await WebAssembly.instantiate(module);
  return { engine: new SchnorrEngine(instance), memory: instance.exports['memory'] as WebAssembly.Memory };
}

/** 32 bytes, the highest first, as a number. */
export const numberAt = (bytes: Uint8Array, at: number, length = 32): bigint =>
  BigInt(`0x${Buffer.from(bytes.subarray(at, at + length)).toString('hex')}`);

export function writeNumber(bytes: Uint8Array, at: number, value: bigint): void {
  bytes.set(Buffer.from((((value % ORDER) + ORDER) % ORDER).toString(16).padStart(64, '0'), 'hex'), at);
}
