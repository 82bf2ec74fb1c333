import { RelayPool, SocketBudget } from 'rx-relay-pool';

/** Says yes to everything: how events are taken without a check. */
export const trusting = { verify: (events) => events.map(() => true) };

/**
 * rx-relay-pool: `request`, `subscribe` and `publish` of a pool with its defaults. Variants: `alone`, each request has REQs of its own; `sockets`, all relays at once
 * rather than 20 at a time; `platform`, the platform's WebSocket rather than `ws`.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export async function connect({ relays, verify, variant }) {
  const pool = new RelayPool({
    relays,
    ...(verify === 'no' ? { verifier: trusting } : {}),
    ...(variant === 'alone' ? { alone: true } : {}),
    ...(variant === 'sockets' ? { sockets: new SocketBudget({ total: relays.length }) } : {}),
    ...(variant === 'platform' ? { WebSocket: globalThis.WebSocket } : {}),
  });
  return poolClient(pool);
}

/** @returns {import('../client-process/client.ts').Client} */
function poolClient(pool) {
  let requests = 0;
  return {
    collect: (filter, onEvent) =>
      new Promise((done, fail) => {
        const id = `request ${++requests}`;
        pool
          .request(filter, { id })
          .subscribe({ next: onEvent, error: fail, complete: () => done(troubleIn(pool.explain(id))) });
      }),
    publish: (event) =>
      new Promise((done, fail) => {
        let accepted = 0;
        pool.publish(event).subscribe({
          next: (report) => (accepted = report.accepted),
          error: fail,
          complete: () => done(accepted),
        });
      }),
    live: (filter, onEvent, onReady) => {
      let isReady = false;
      pool.packets(filter).subscribe((packet) => {
        if (packet.type === 'event') onEvent(packet.event);
        else if (!isReady && packet.pending === 0) {
          isReady = true;
          onReady();
        }
      });
    },
    close: () => pool.close(),
  };
}

/** Which relays did not say EOSE, and why. */
function troubleIn(explanation) {
  const trouble = (explanation?.relays ?? []).flatMap(({ relay, steps }) => {
    const [last] = steps.slice(-1);
    return last && !steps.some(({ what }) => what === 'answered') ? [`${relay} ${last.what}: ${last.why}`] : [];
  });
  return trouble.length > 0 ? trouble.join('; ') : undefined;
}
