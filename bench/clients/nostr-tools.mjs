import { initNostrWasm } from 'nostr-wasm';
import { AbstractSimplePool, SimplePool, useWebSocketImplementation } from 'nostr-tools/pool';
import { setNostrWasm, verifyEvent } from 'nostr-tools/wasm';

/**
 * nostr-tools: "you always should be using a SimplePool". Its best verifier is nostr-wasm, as its README shows.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export async function connect({ relays, verify }) {
  useWebSocketImplementation(globalThis.WebSocket);
  if (verify === 'best') setNostrWasm(await initNostrWasm());
  const pool = verify === 'best' ? new AbstractSimplePool({ verifyEvent }) : new SimplePool();
  if (verify === 'no') pool.verifyEvent = () => true;
  const urls = [...relays];
  return {
    collect: (filter, onEvent) =>
      new Promise((done) => {
        pool.subscribeManyEose(urls, filter, { onevent: onEvent, onclose: (reasons) => done(troubleIn(reasons)) });
      }),
    publish: async (event) => {
      const outcomes = await Promise.allSettled(pool.publish(urls, event));
      return outcomes.filter(({ status }) => status === 'fulfilled').length;
    },
    live: (filter, onEvent, onReady) => void pool.subscribe(urls, filter, { onevent: onEvent, oneose: onReady }),
    close: () => pool.destroy(),
  };
}

function troubleIn(reasons) {
  const trouble = reasons.map(({ reason }) => reason).filter((reason) => !reason.includes('eose'));
  return trouble.length > 0 ? trouble.join('; ') : undefined;
}
