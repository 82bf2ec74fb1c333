import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

/** Milliseconds that a relay may take to answer a close frame before its socket is destroyed. */
const CLOSE_TIMEOUT = 1_000;

/** The WebSocket that relays are dialled with in Node: bounded messages, a close that does not linger, and one write for all that is sent at once. */
export class PlatformWebSocket extends WebSocket {
  #wire: Socket | undefined;
  #isHolding = false;

  constructor(url: string, maxMessageBytes: number) {
    // `closeTimeout` is newer than the type definitions.
    const options = { maxPayload: maxMessageBytes, perMessageDeflate: false, closeTimeout: CLOSE_TIMEOUT };
    super(url, options);
    this.once('upgrade', ({ socket }) => (this.#wire = socket));
  }

  override send(data: string): void {
    this.#hold();
    super.send(data);
  }

  /** A write for each frame costs more than the frame: they go out together when what is going on now is done. */
  #hold(): void {
    const wire = this.#wire;
    if (!wire || this.#isHolding) return;
    this.#isHolding = true;
    wire.cork();
    process.nextTick(() => {
      this.#isHolding = false;
      wire.uncork();
    });
  }
}
