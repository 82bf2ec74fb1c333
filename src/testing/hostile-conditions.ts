import type { Latency } from './latency.ts';

/**
 * What a {@link HostileLink} does to what passes through it. All of it is off by default; set a field of `link.conditions` at any
 * time, and what passes from then on shows it.
 *
 * @example
 * ```ts
 * import { HostileLink, TestRelay, type HostileConditions } from 'rx-relay-pool/testing';
 *
 * const relay = await TestRelay.start();
 * const mobile: Partial<HostileConditions> = { delay: 300, bytesPerSecond: 4_000 };
 * const link = await HostileLink.to(relay.url, { conditions: mobile });
 * ```
 */
export interface HostileConditions {
  /** Milliseconds that every piece of data is held back, each way, or how they are drawn. Order is kept. @default 0 */
  delay: Latency;
  /** Pieces are cut into random ones of at most so many bytes, each written by itself. @default Infinity */
  slice: number;
  /** How fast data passes, each way. @default Infinity */
  bytesPerSecond: number;
  /** New connections are accepted and reset at once. @default false */
  refuses: boolean;
  /** New connections are accepted, and then nothing happens. @default false */
  hangs: boolean;
}
