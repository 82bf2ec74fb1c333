import type { Participant } from './scenario.ts';

const PEERS = ['nostr-tools', 'rx-nostr', 'applesauce', 'ndk', 'welshman', 'nostrify'];

export const raw: Participant = { name: 'raw', client: 'raw', verify: 'no' };

/** All libraries, and ours, without verification. */
export const trusting: readonly Participant[] = [raw, ...['ours', ...PEERS].map((name) => with_(name, 'no'))];

/** All libraries, and ours, with the verifier that they have by default. */
export const verifying: readonly Participant[] = ['ours', ...PEERS].map((name) => with_(name, 'default'));

/** Those that have a faster one, with it; what \@welshman/net and ours have by default is their fastest. */
export const verifyingFast: readonly Participant[] = PEERS.filter((name) => name !== 'welshman').map((name) => ({
  ...with_(name, 'best'),
  name: `${name}, best`,
}));

/** Those that take their time are not in a quick run, nor are other verifiers than the default ones of peers. */
export function isQuick({ client, verify }: Participant): boolean {
  return !['applesauce', 'ndk', 'nostrify'].includes(client) && (verify !== 'best' || client === 'fast-verify');
}

/** Ours in another way. */
export function ours(variant: string, name: string, beside?: string): Participant {
  return { name, client: 'ours', verify: 'no', variant, beside };
}

function with_(name: string, verify: Participant['verify']): Participant {
  return { name, client: name, verify };
}
