import { Pool, publish, PublishStatus, request, Socket } from '@welshman/net';

/**
 * \@welshman/net: `request` and `publish`. It verifies with nostr-wasm where that can be loaded, so its default is its best.
 * By default a socket takes and sends 20 messages every 100 ms, 200 a second, with which it would give up everywhere: here as many as come.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export function connect({ relays, verify }) {
  Socket.batchSize = 1_000;
  Socket.batchDelay = 0;
  const options = { relays: [...relays], ...(verify === 'no' ? { isEventValid: () => true } : {}) };
  return {
    collect: async (filter, onEvent) => {
      const trouble = [];
      const notes = {
        onClosed: (reason) => trouble.push(`closed: ${reason}`),
        onDisconnect: () => trouble.push('disconnected'),
      };
      await request({ ...options, ...notes, filters: [filter], autoClose: true, onEvent });
      return trouble.length > 0 ? trouble.join('; ') : undefined;
    },
    publish: async (event) => {
      const results = await publish({ relays: options.relays, event });
      return Object.values(results).filter(({ status }) => status === PublishStatus.Success).length;
    },
    live: (filter, onEvent, onReady) => {
      let pending = relays.length;
      const onEose = () => void (--pending === 0 && onReady());
      void request({ ...options, filters: [filter], onEvent, onEose });
    },
    close: () => Pool.get().clear(),
  };
}
