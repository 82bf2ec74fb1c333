import { lastValueFrom, toArray } from 'rxjs';
import { expect, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  type Filter,
  type NostrEvent,
  RelayPool,
  type RelayPoolOptions,
  type RequestOptions,
  type WebSocketConstructor,
} from '../../src/index.ts';
import { signedEvent, testKey, TestRelay, type TestRelayOptions } from '../../src/testing/index.ts';
import { contents } from './world.ts';

/** For what takes real time: sockets of this machine, which may be busy. */
const PATIENCE = { timeout: 10_000, interval: 5 };
/** Reconnects without the pauses that spare real relays. */
const QUICK = { base: 50, floor: 20, cap: 200 };
/** A relay that was lost is not dialled again before the test is over, and is known to be down until then. */
export const NEVER_AGAIN = { base: 60_000, floor: 60_000, cap: 60_000 };
export const NOTES: Filter = { kinds: [1] };

/** Options of {@link realWorld}. */
export interface RealWorldOptions {
  /** The relays of the pool: how many, or the options of each. */
  readonly relays?: number | readonly TestRelayOptions[];
  /** Relays that the pool does not have, at `wss://<name>.example/`, as events may name them. */
  readonly named?: Readonly<Record<string, TestRelayOptions>>;
  readonly pool?: Partial<RelayPoolOptions>;
}

/** A pool and its relays on real sockets. At the end nobody may be connected any more. */
export interface RealWorld extends AsyncDisposable {
  readonly pool: RelayPool;
  readonly relays: readonly TestRelay[];
  /** The relay of a name. */
  at(name: string): TestRelay;
  /** Starts one more, which the pool does not have. */
  start(options?: TestRelayOptions): Promise<TestRelay>;
}

export async function realWorld({ relays = 1, named = {}, pool: options = {} }: RealWorldOptions): Promise<RealWorld> {
  const settings = typeof relays === 'number' ? Array.from({ length: relays }, () => ({})) : relays;
  const started = await Promise.all(settings.map((setting) => TestRelay.start(setting)));
  const names = new Map<string, TestRelay>();
  for (const [name, setting] of Object.entries(named)) names.set(urlOf(name), await TestRelay.start(setting));
  const pool = new RelayPool({
    relays: started.map(({ url }) => url),
    backoff: QUICK,
    // No event may name a loopback address, so events name hosts, and this is how they are resolved.
    ...(names.size > 0 ? { WebSocket: resolving(names) } : {}),
    ...options,
  });
  const more: TestRelay[] = [];
  return {
    pool,
    relays: started,
    start: async (options) => {
      const relay = await TestRelay.start(options);
      more.push(relay);
      return relay;
    },
    at: (name) => {
      const relay = names.get(urlOf(name));
      if (!relay) throw new Error(`There is no relay '${name}'.`);
      return relay;
    },
    [Symbol.asyncDispose]: async () => {
      pool.close();
      const all = [...started, ...names.values(), ...more];
      // Half-open ones never hear of a closing connection.
      const well = all.filter(({ faults }) => !faults.halfOpen);
      await vi.waitFor(
        () => expect(well.map(({ connectionCount }) => connectionCount)).toEqual(well.map(() => 0)),
        PATIENCE,
      );
      await Promise.all(all.map((relay) => relay.stop()));
    },
  };
}

export const urlOf = (name: string): string => `wss://${name}.example/`;

function resolving(names: ReadonlyMap<string, TestRelay>): WebSocketConstructor {
  return class extends WebSocket {
    constructor(url: string) {
      super(names.get(url)?.url ?? url);
    }
  };
}

let made = 0;

/** A signed note of today; no two have the same time. */
export function note(
  content: string,
  { author = 0, kind = 1, tags = [] }: { author?: number; kind?: number; tags?: string[][] } = {},
): NostrEvent {
  const created_at = Math.floor(Date.now() / 1_000) - 3_600 + made++;
  return signedEvent({ kind, content, tags, created_at }, testKey(author));
}

export const user = (index: number): string => testKey(index).publicKey;

/** The contents of what a request brings, in alphabetical order. */
export async function ask(pool: RelayPool, filter: Filter, options: RequestOptions = {}): Promise<readonly string[]> {
  return contents(await lastValueFrom(pool.request(filter, options).pipe(toArray()))).sort();
}

/** The filters of each REQ that a relay has got. */
export function reqs({ received }: TestRelay): readonly (readonly Filter[])[] {
  return received.flatMap(({ message }) => (message.type === 'REQ' ? [message.filters as readonly Filter[]] : []));
}

/** How many messages of a verb each relay has got. */
export const got = (relays: readonly TestRelay[], verb: 'REQ' | 'CLOSE' | 'EVENT'): readonly number[] =>
  relays.map(({ received }) => received.filter(({ message }) => message.type === verb).length);

/** Waits until something holds. */
export const until = (assertion: () => void | Promise<void>): Promise<void> => vi.waitFor(assertion, PATIENCE);
