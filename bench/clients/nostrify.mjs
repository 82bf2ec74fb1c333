import { NPool, NRelay1 } from '@nostrify/nostrify';
import { fastVerify } from './fast-verify.mjs';

/**
 * nostrify: an NPool of NRelay1. `query` for what is stored, `req` for what comes.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export async function connect({ relays, verify }) {
  const verifyEvent = { no: () => true, default: undefined, best: verify === 'best' ? await fastVerify() : undefined }[
    verify
  ];
  const pool = new NPool({
    open: (url) => new NRelay1(url, verifyEvent ? { verifyEvent } : {}),
    reqRouter: (filters) => new Map(relays.map((url) => [url, filters])),
    eventRouter: () => [...relays],
  });
  return {
    collect: async (filter, onEvent) => {
      for (const event of await pool.query([filter])) onEvent(event);
      return undefined;
    },
    // `NPool.event` is content with one relay.
    publish: async (event) => {
      const outcomes = await Promise.allSettled(relays.map((url) => pool.relay(url).event(event)));
      return outcomes.filter(({ status }) => status === 'fulfilled').length;
    },
    live: (filter, onEvent, onReady) => void listen(pool, filter, onEvent, onReady),
    close: () => void pool.close(),
  };
}

async function listen(pool, filter, onEvent, onReady) {
  for await (const message of pool.req([filter])) {
    if (message[0] === 'EVENT') onEvent(message[2]);
    else if (message[0] === 'EOSE') onReady();
  }
}
