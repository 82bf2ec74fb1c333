import { WebSocket } from 'ws';
import { bareClient } from './bare-client.mjs';

/**
 * The practical limit in Node: a bare client on `ws`.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export const connect = ({ relays }) =>
  bareClient(relays, (url, onMessage) => {
    const socket = new WebSocket(url);
    socket.on('error', () => undefined);
    socket.on('message', (data) => onMessage(data.toString()));
    return {
      opened: new Promise((done) => socket.on('open', done)),
      send: (text) => socket.send(text),
      close: () => socket.terminate(),
    };
  });
