import { bareClient } from './bare-client.mjs';

/**
 * The practical limit on the platform's own WebSocket, as in browsers: messages are strings.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export const connect = ({ relays }) =>
  bareClient(relays, (url, onMessage) => {
    const socket = new globalThis.WebSocket(url);
    socket.onmessage = ({ data }) => onMessage(data);
    return {
      opened: new Promise((done) => (socket.onopen = done)),
      send: (text) => socket.send(text),
      close: () => socket.close(),
    };
  });
