import NDK, { NDKEvent, NDKRelaySet } from '@nostr-dev-kit/ndk';
import { fastVerify } from './fast-verify.mjs';

/**
 * NDK, without relays of its own choice. By default it verifies ever fewer of a relay's events, down to a tenth, the longer the relay has
 * sent valid ones. Without a web worker its best verifier is a function of ours.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export async function connect({ relays, verify }) {
  const fast = verify === 'best' ? await fastVerify() : undefined;
  const ndk = new NDK({
    explicitRelayUrls: [...relays],
    enableOutboxModel: false,
    ...(fast ? { signatureVerificationFunction: (event) => Promise.resolve(fast(event)) } : {}),
  });
  await ndk.connect();
  const options = { skipVerification: verify === 'no' };
  return {
    collect: (filter, onEvent) =>
      new Promise((done) => {
        ndk.subscribe({ ...filter }, { ...options, closeOnEose: true }, { onEvent, onEose: () => done(undefined) });
      }),
    publish: async (event) => {
      const accepted = await new NDKEvent(ndk, event)
        .publish(NDKRelaySet.fromRelayUrls(relays, ndk), undefined, relays.length)
        .catch((error) => error.publishedToRelays ?? new Set());
      return accepted.size;
    },
    live: (filter, onEvent, onReady) => void ndk.subscribe({ ...filter }, options, { onEvent, onEose: onReady }),
    close: () => {
      for (const relay of ndk.pool.relays.values()) relay.disconnect();
    },
  };
}
