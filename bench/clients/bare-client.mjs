/**
 * A WebSocket, `JSON.parse` and a `Set`: what a client cannot do without. It trusts everybody, reconnects to nobody and waits for ever.
 *
 * @param {readonly string[]} relays
 * @param {(url: string, onMessage: (text: string) => void) => { opened: Promise<unknown>, send(text: string): void, close(): void }} dial
 * @returns {import('../client-process/client.ts').Client}
 */
export function bareClient(relays, dial) {
  /** By subscription id, or event id, who is told of a message. */
  const handlers = new Map();
  let subscriptions = 0;
  const sockets = relays.map((url) =>
    dial(url, (text) => {
      const message = JSON.parse(text);
      handlers.get(message[1])?.(message);
    }),
  );
  const send = (message) => {
    const text = JSON.stringify(message);
    for (const socket of sockets) void socket.opened.then(() => socket.send(text));
  };
  const ask = (filter, onEvent, onEose) => {
    const id = String(++subscriptions);
    const seen = new Set();
    let pending = sockets.length;
    handlers.set(id, (message) => {
      if (message[0] === 'EVENT') {
        const event = message[2];
        if (seen.has(event.id)) return;
        seen.add(event.id);
        onEvent(event);
      } else if (message[0] === 'EOSE' && --pending === 0) onEose();
    });
    send(['REQ', id, filter]);
    return id;
  };
  return {
    collect: (filter, onEvent) =>
      new Promise((done) => {
        const id = ask(filter, onEvent, () => {
          handlers.delete(id);
          send(['CLOSE', id]);
          done(undefined);
        });
      }),
    publish: (event) =>
      new Promise((done) => {
        let pending = sockets.length;
        let accepted = 0;
        handlers.set(event.id, ([, , ok]) => {
          if (ok) accepted++;
          if (--pending > 0) return;
          handlers.delete(event.id);
          done(accepted);
        });
        send(['EVENT', event]);
      }),
    live: ask,
    close: () => sockets.forEach((socket) => socket.close()),
  };
}
