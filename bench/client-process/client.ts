import type { Filter, NostrEvent } from '../../src/index.ts';

export type { Filter, NostrEvent };

/** What a client is made with. */
export interface ClientOptions {
  readonly relays: readonly string[];
  /** Who checks signatures: nobody, who does so by default, or the fastest that the library's documentation offers. */
  readonly verify: 'no' | 'default' | 'best';
  /** A way of using the library other than the default one. */
  readonly variant?: string | undefined;
}

/** What a library has to do, so that each scenario is written once. */
export interface Client {
  /**
   * Stored events of all relays, each once where the library sees to that; resolves when the library says that it is done, and with what it
   * says of relays that did not answer, if it says anything.
   */
  collect(filter: Filter, onEvent: (event: NostrEvent) => void): Promise<string | undefined>;
  /** Resolves with how many relays accepted the event, when all have answered. */
  publish(event: NostrEvent): Promise<number>;
  /** Opens a subscription that stays; `onReady` is called when the relays have no more stored events. */
  live(filter: Filter, onEvent: (event: NostrEvent) => void, onReady: () => void): void;
  close(): void;
}

/** What a file in clients/ exports as `connect`. */
export type Connect = (options: ClientOptions) => Client | Promise<Client>;
