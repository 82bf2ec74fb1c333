/**
 * How many relays make a quorum: a number of them, more than half, or all.
 *
 * @example
 * ```ts
 * import type { QuorumSize } from 'rx-relay-pool';
 *
 * const sizes: readonly QuorumSize[] = [2, 'majority', 'all'];
 * ```
 */
export type QuorumSize = number | 'majority' | 'all';

/** What is known of a quorum: it is there, it may still come, or it cannot come any more. */
export type QuorumVerdict = 'met' | 'open' | 'failed';

/**
 * How many of so many members a quorum takes, at least 1. A number is what it says, also where there are fewer members: then the quorum is
 * out of reach, rather than smaller without a word.
 *
 * @throws RangeError when the size is neither a whole number from 1 nor one of the words.
 */
export function quorumOf(size: QuorumSize, members: number): number {
  if (size === 'majority') return Math.floor(members / 2) + 1;
  if (size === 'all') return Math.max(1, members);
  if (Number.isSafeInteger(size) && size >= 1) return size;
  throw new RangeError(`A quorum is a whole number of relays from 1, 'majority' or 'all'; got ${String(size)}.`);
}

/** @param pending - Members that may still accept. */
export function verdictOfQuorum(needed: number, accepted: number, pending: number): QuorumVerdict {
  if (accepted >= needed) return 'met';
  return accepted + pending < needed ? 'failed' : 'open';
}
