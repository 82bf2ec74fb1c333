import { EventStore } from 'applesauce-core';
import { RelayPool } from 'applesauce-relay';
import { fastVerify } from './fast-verify.mjs';

/**
 * applesauce-relay: a RelayPool; it does not verify by itself, an EventStore of applesauce-core does, which also keeps each event once.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export async function connect({ relays, verify }) {
  const pool = new RelayPool();
  const eventStore = verify === 'no' ? undefined : new EventStore();
  if (verify === 'best') eventStore.verifyEvent = await fastVerify();
  const options = eventStore ? { eventStore } : {};
  const urls = [...relays];
  return {
    collect: (filter, onEvent) =>
      new Promise((done) => {
        pool.request(urls, filter, options).subscribe({
          next: onEvent,
          error: (error) => done(error.message),
          complete: () => done(undefined),
        });
      }),
    publish: async (event) => (await pool.publish(urls, event)).filter(({ ok }) => ok).length,
    live: (filter, onEvent, onReady) => {
      pool.subscription(urls, filter, options).subscribe((message) => {
        if (message === 'EOSE') onReady();
        else onEvent(message);
      });
    },
    close: () => pool.close(),
  };
}
