import { WebSocket } from 'ws';

/** Milliseconds that a relay may take to answer a close frame before its socket is destroyed. */
const CLOSE_TIMEOUT = 1_000;

/** The WebSocket that relays are dialled with in Node: bounded messages, and a close that does not linger. */
export class PlatformWebSocket extends WebSocket {
  constructor(url: string, maxMessageBytes: number) {
    // `closeTimeout` is newer than the type definitions.
    const options = { maxPayload: maxMessageBytes, perMessageDeflate: false, closeTimeout: CLOSE_TIMEOUT };
    super(url, options);
  }
}
