import { hllDecode, hllEncode, mergeHll, newHll } from 'nostr-tools/nip45';

/** No register that was honestly made is above this: it counts leading zero bits of 24 bytes at most, and one. */
const HIGHEST = 193;
const REGISTERS = 256;
/** The constant that makes up for the bias of so many registers (Flajolet et al. 2007, figure 3). */
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);
/** Up to so many times the registers, counting the empty ones is more exact (as above). */
const SMALL_RANGE = 2.5;

/**
 * The registers in the `hll` of a COUNT (NIP-45): 512 hex digits, two a register. Undefined for anything else, also where a register
 * holds what no public key can have led to.
 *
 * @example
 * ```ts
 * import { parseHyperLogLog } from 'rx-relay-pool';
 *
 * console.log(parseHyperLogLog('00'.repeat(256))?.length); // 256
 * console.log(parseHyperLogLog('00')); // undefined
 * ```
 */
export function parseHyperLogLog(hex: unknown): Uint8Array | undefined {
  const registers = typeof hex === 'string' ? hllDecode(hex.toLowerCase()) : undefined;
  return registers?.every((register) => register <= HIGHEST) ? registers : undefined;
}

/**
 * The registers as NIP-45 writes them, to be kept and merged later.
 *
 * @example
 * ```ts
 * import { encodeHyperLogLog } from 'rx-relay-pool';
 *
 * console.log(encodeHyperLogLog(new Uint8Array(256)).length); // 512
 * ```
 */
export function encodeHyperLogLog(registers: Uint8Array): string {
  return hllEncode(registers);
}

/**
 * The registers of the union of what several stand for: the maximum of each (NIP-45). They have to be of the same filter, as it says
 * which bytes of a public key are looked at.
 *
 * @example
 * ```ts
 * import { estimateHyperLogLog, mergeHyperLogLogs, parseHyperLogLog } from 'rx-relay-pool';
 *
 * // What two relays answered to the same COUNT.
 * function distinctAuthors(one: string, other: string): number {
 *   const registers = [one, other].flatMap((hex) => parseHyperLogLog(hex) ?? []);
 *   return estimateHyperLogLog(mergeHyperLogLogs(registers));
 * }
 * ```
 */
export function mergeHyperLogLogs(all: Iterable<Uint8Array>): Uint8Array {
  const merged = newHll();
  for (const registers of all) mergeHll(merged, registers);
  return merged;
}

/**
 * How many distinct authors the registers stand for, as an estimate (Flajolet, Fusy, Gandouet, Meunier 2007): a whole number whose
 * standard error is 1.04 / √256, 6.5 %, and less where they are few, as those are counted by the registers that are empty.
 *
 * @example
 * ```ts
 * import { estimateHyperLogLog } from 'rx-relay-pool';
 *
 * console.log(estimateHyperLogLog(new Uint8Array(256))); // 0
 * ```
 */
export function estimateHyperLogLog(registers: Uint8Array): number {
  let sum = 0;
  let empty = 0;
  for (const register of registers) {
    sum += 2 ** -register;
    if (register === 0) empty++;
  }
  const raw = (ALPHA * REGISTERS ** 2) / sum;
  const isSmall = raw <= SMALL_RANGE * REGISTERS && empty > 0;
  const estimate = isSmall ? REGISTERS * Math.log(REGISTERS / empty) : raw;
  return Math.min(Math.round(estimate), Number.MAX_SAFE_INTEGER);
}
