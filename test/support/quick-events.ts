import { createHash } from 'node:crypto';
import { getEventHash, getPublicKey } from 'nostr-tools/pure';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { pureVerifier } from '../../src/verifiers/pure.ts';
import { ORDER } from './records.ts';

const sha256 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const TAG = sha256(Buffer.from('BIP0340/challenge'));
const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
/** The nonce of all of them. */
const NONCE = 340n;
const R = Buffer.from(getPublicKey(bytesOf(NONCE)), 'hex');

/**
 * Signed events by so many authors in turn, thousands in a fraction of a second: all signatures have one nonce, which spares the curve, and
 * would give the keys away.
 */
export function quickEvents(count: number, authors: number): NostrEvent[] {
  const nonce = evenNonce();
  const keys = Array.from({ length: authors }, (_, index) => evenKey(BigInt(1_000 + index), nonce));
  return Array.from({ length: count }, (_, n) => signed(n, keys[n % authors] ?? 1n, nonce));
}

/** BIP-340 has a point's even y: of a number and its negative, one makes it. */
function evenNonce(): bigint {
  const nonces = [NONCE, ORDER - NONCE];
  const right = nonces.find((nonce) => [1_000n, ORDER - 1_000n].some((key) => isRight(signed(0, key, nonce))));
  if (!right) throw new Error('Neither nonce makes a signature.');
  return right;
}

function evenKey(key: bigint, nonce: bigint): bigint {
  return isRight(signed(0, key, nonce)) ? key : ORDER - key;
}

function isRight(event: NostrEvent): boolean {
  return (pureVerifier.verify([event]) as readonly boolean[])[0] === true;
}

const publicKeys = new Map<bigint, string>();

function signed(n: number, key: bigint, nonce: bigint): NostrEvent {
  const pubkey = publicKeys.get(key) ?? getPublicKey(bytesOf(key));
  publicKeys.set(key, pubkey);
  const draft = { kind: 1, content: 'genuine', created_at: 1_767_225_600 + n, tags: [], pubkey };
  const id = getEventHash(draft);
  const challenge = sha256(TAG, TAG, R, Buffer.from(pubkey, 'hex'), Buffer.from(id, 'hex'));
  const s = (nonce + BigInt(`0x${challenge.toString('hex')}`) * key) % ORDER;
  return { ...draft, id, sig: R.toString('hex') + bytesOf(s).toString('hex') };
}
