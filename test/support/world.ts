import type { Observable, Subscription } from 'rxjs';
import { RelayPool, type RelayPoolOptions } from '../../src/pool/relay-pool.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import {
  type RelayOptions,
  seededRandom,
  signedEvent,
  testKey,
  type VirtualRelay,
  VirtualNetwork,
  VirtualTime,
} from '../../src/testing/index.ts';

/** A pool and its relays on a virtual network: nothing but the clock, the dice and the sockets differ from an app. */
export interface World {
  readonly time: VirtualTime;
  readonly network: VirtualNetwork;
  readonly pool: RelayPool;
  readonly relays: readonly VirtualRelay[];
  /** The first relay, for tests that need only one. */
  readonly relay: VirtualRelay;
  /** A signed event by author number `author`, dated `age` seconds before now. */
  note(content: string, options?: { author?: number; age?: number; kind?: number; tags?: string[][] }): NostrEvent;
}

/** Options of {@link world}. */
export interface WorldOptions {
  /** How many relays there are, or the options of each. */
  readonly relays?: number | readonly Omit<RelayOptions, 'scheduler'>[];
  /** Milliseconds of a frame one way. */
  readonly latency?: number;
  readonly seed?: number;
  readonly pool?: Partial<RelayPoolOptions>;
}

export function world({ relays = 1, latency = 10, seed = 1, pool: options = {} }: WorldOptions = {}): World {
  const time = new VirtualTime();
  const network = new VirtualNetwork({ time, latency, seed });
  const settings = typeof relays === 'number' ? Array.from({ length: relays }, () => ({})) : relays;
  const started = settings.map((setting, index) => network.relay(`wss://relay${index + 1}.test`, setting));
  const pool = new RelayPool({
    relays: started.map(({ url }) => url),
    scheduler: time,
    random: seededRandom(seed),
    WebSocket: network.WebSocket,
    ...options,
  });
  const [first] = started;
  if (!first) throw new Error('A world has at least one relay.');
  return {
    time,
    network,
    pool,
    relays: started,
    relay: first,
    note: (content, { author = 0, age = 0, kind = 1, tags = [] } = {}) =>
      signedEvent({ kind, content, tags, created_at: Math.floor(time.now() / 1_000) - age }, testKey(author)),
  };
}

/** As {@link world}, but every request has REQs of its own: for tests that tell them apart. */
export function worldOfLoners(options: WorldOptions = {}): World {
  return world({ ...options, pool: { alone: true, ...options.pool } });
}

/** What a stream has said so far. */
export interface Heard<T> {
  readonly values: T[];
  readonly subscription: Subscription;
  error: unknown;
  completed: boolean;
}

/** Subscribes and writes down what is heard. */
export function hear<T>(stream: Observable<T>): Heard<T> {
  const values: T[] = [];
  const heard: { values: T[]; error: unknown; completed: boolean } = { values, error: undefined, completed: false };
  const subscription = stream.subscribe({
    next: (value) => values.push(value),
    error: (error: unknown) => (heard.error = error),
    complete: () => (heard.completed = true),
  });
  return Object.assign(heard, { subscription });
}

/** The contents of events, for short assertions. */
export function contents(events: readonly NostrEvent[]): string[] {
  return events.map(({ content }) => content);
}

/** Packets as short words: `event a`, `eose 1`, `lost silent 0` (the number: relays still awaited). */
export function words(packets: readonly Packet[]): string[] {
  return packets.map((packet) => {
    switch (packet.type) {
      case 'event':
        return `event ${packet.event.content}`;
      case 'eose':
        return `eose ${packet.pending}`;
      case 'closed':
        return `closed ${packet.reason.prefix} ${packet.pending}`;
      case 'lost':
        return `lost ${packet.error.code} ${packet.pending}`;
      case 'gap':
        return 'gap';
    }
  });
}
