/**
 * What the library uses of the standard WebSocket interface: the only seam to the network.
 *
 * @example
 * ```ts
 * import type { WebSocketLike } from 'rx-relay-pool';
 *
 * const describe = (socket: WebSocketLike): string => (socket.readyState === 1 ? 'open' : 'not open');
 * ```
 */
export interface WebSocketLike {
  readonly readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  /** Stops to read, and goes on; the package ws can. */
  pause?(): void;
  resume?(): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly error?: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

/**
 * A WebSocket class: the platform's, one of the package ws with other settings, or one that a test brings.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'], WebSocket: globalThis.WebSocket });
 * pool.close();
 * ```
 */
export type WebSocketConstructor = new (url: string) => WebSocketLike;
