/** What carries the frames of one {@link VirtualWebSocket}; the network makes one for each socket. */
export interface VirtualWire {
  send(frame: string): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** Gives up before the connection is open. */
  abort(): void;
  /** Bytes that were handed over but cannot leave. */
  readonly stuckBytes: number;
}

/** How the network reports to a socket. */
export interface VirtualSocketEvents {
  opened(): void;
  received(frame: string): void;
  /** @param wasClean false: the connection was lost or never made, so an error event comes first */
  closed(code: number, reason: string, wasClean: boolean): void;
}

/** The event of a closed socket; Node has no CloseEvent of its own before version 23. */
class VirtualCloseEvent extends Event implements CloseEvent {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(code: number, reason: string, wasClean: boolean) {
    super('close');
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

type Handler<E extends Event> = ((this: WebSocket, event: E) => unknown) | null;

/**
 * The standard browser WebSocket on a virtual network: {@link VirtualNetwork.WebSocket} is made of it. Text frames only;
 * binary ones are dropped.
 *
 * @example
 * ```ts
 * import { VirtualNetwork, VirtualTime, type VirtualWebSocket } from 'rx-relay-pool/testing';
 *
 * const network = new VirtualNetwork({ time: new VirtualTime() });
 * const socket: VirtualWebSocket = new network.WebSocket('wss://relay.example');
 * ```
 */
export abstract class VirtualWebSocket extends EventTarget implements WebSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readonly url: string;
  readonly extensions = '';
  readonly protocol = '';
  binaryType: BinaryType = 'blob';
  readonly #handlers = new Map<string, { readonly handler: unknown; readonly listener: EventListener }>();
  readonly #wire: VirtualWire;
  #readyState: 0 | 1 | 2 | 3 = 0;
  #discardedBytes = 0;

  protected constructor(url: string | URL, dial: (url: string, events: VirtualSocketEvents) => VirtualWire) {
    super();
    this.url = webSocketUrl(String(url));
    this.#wire = dial(this.url, {
      opened: () => this.#opened(),
      received: (frame) => this.#received(frame),
      closed: (code, reason, wasClean) => this.#closed(code, reason, wasClean),
    });
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState;
  }

  get bufferedAmount(): number {
    return this.#wire.stuckBytes + this.#discardedBytes;
  }

  get onopen(): Handler<Event> {
    return this.#handler('open') as Handler<Event>;
  }
  set onopen(handler: Handler<Event>) {
    this.#setHandler('open', handler);
  }

  get onmessage(): Handler<MessageEvent> {
    return this.#handler('message') as Handler<MessageEvent>;
  }
  set onmessage(handler: Handler<MessageEvent>) {
    this.#setHandler('message', handler);
  }

  get onerror(): Handler<Event> {
    return this.#handler('error') as Handler<Event>;
  }
  set onerror(handler: Handler<Event>) {
    this.#setHandler('error', handler);
  }

  get onclose(): Handler<CloseEvent> {
    return this.#handler('close') as Handler<CloseEvent>;
  }
  set onclose(handler: Handler<CloseEvent>) {
    this.#setHandler('close', handler);
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.#readyState === 0) throw new DOMException('The socket is still connecting', 'InvalidStateError');
    if (typeof data !== 'string') return;
    // As in a browser: what is sent too late is lost without an error, and only bufferedAmount tells.
    if (this.#readyState === 1) this.#wire.send(data);
    else this.#discardedBytes += new TextEncoder().encode(data).length;
  }

  close(code?: number, reason = ''): void {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException(`The close code must be 1000 or from 3000 to 4999, not ${code}`, 'InvalidAccessError');
    }
    if (new TextEncoder().encode(reason).length > 123) throw new DOMException('The reason is too long', 'SyntaxError');
    if (this.#readyState >= 2) return;
    const wasOpen = this.#readyState === 1;
    this.#readyState = 2;
    if (wasOpen) this.#wire.close(code ?? 1005, reason);
    else this.#wire.abort();
  }

  override addEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, event: WebSocketEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  // Only the types differ from EventTarget's: they tell which event comes with which name.
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  #opened(): void {
    if (this.#readyState !== 0) return;
    this.#readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  #received(frame: string): void {
    // Messages still come in while the closing handshake is under way.
    if (this.#readyState === 1 || this.#readyState === 2) {
      this.dispatchEvent(new MessageEvent('message', { data: frame, origin: new URL(this.url).origin }));
    }
  }

  #closed(code: number, reason: string, wasClean: boolean): void {
    if (this.#readyState === 3) return;
    this.#readyState = 3;
    if (!wasClean) this.dispatchEvent(new Event('error'));
    this.dispatchEvent(new VirtualCloseEvent(code, reason, wasClean));
  }

  #handler(type: string): unknown {
    return this.#handlers.get(type)?.handler ?? null;
  }

  #setHandler<E extends Event>(type: string, handler: Handler<E>): void {
    const before = this.#handlers.get(type);
    if (before) this.removeEventListener(type, before.listener);
    this.#handlers.delete(type);
    if (typeof handler !== 'function') return;
    const listener = (event: Event): void => {
      handler.call(this, event as E);
    };
    this.#handlers.set(type, { handler, listener });
    this.addEventListener(type, listener);
  }
}

/** As the standard wants it: ws or wss, http and https taken for them, no fragment. */
function webSocketUrl(input: string): string {
  let url: URL;
  try {
    url = new URL(input);
  } catch {
    throw new DOMException(`The URL '${input}' is invalid`, 'SyntaxError');
  }
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if ((url.protocol !== 'ws:' && url.protocol !== 'wss:') || url.hash !== '') {
    throw new DOMException(`The URL '${input}' is not one of a WebSocket`, 'SyntaxError');
  }
  return url.href;
}
