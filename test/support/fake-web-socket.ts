import type { WebSocketConstructor, WebSocketLike } from '../../src/sources/web-socket.ts';

type Listener = (event: never) => void;

/** A WebSocket that does what a test makes it do, and nothing else. */
export class FakeWebSocket implements WebSocketLike {
  readyState = 0;
  readonly sent: string[] = [];
  /** The codes that it was closed with. */
  readonly closes: (number | undefined)[] = [];
  /** What `send` and `close` throw, if anything. */
  failure: Error | undefined;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(readonly url: string) {}

  send(data: string): void {
    if (this.failure) throw this.failure;
    this.sent.push(data);
  }

  close(code?: number): void {
    this.closes.push(code);
    if (this.failure) throw this.failure;
    this.readyState = 2;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  open(): void {
    this.readyState = 1;
    this.#emit('open');
  }

  message(data: unknown): void {
    this.#emit('message', { data });
  }

  error(error?: unknown): void {
    this.#emit('error', { error });
  }

  /** The connection is gone. */
  gone(code = 1006, reason = ''): void {
    this.readyState = 3;
    this.#emit('close', { code, reason });
  }

  #emit(type: string, event: object = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

/** A WebSocket class, and the sockets that were made of it. */
export function fakeWebSockets(): { readonly WebSocket: WebSocketConstructor; readonly made: FakeWebSocket[] } {
  const made: FakeWebSocket[] = [];
  return {
    made,
    WebSocket: class extends FakeWebSocket {
      constructor(url: string) {
        super(url);
        made.push(this);
      }
    },
  };
}
