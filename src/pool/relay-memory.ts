import type { CircuitMemory } from '../policies/circuit-state.ts';
import { isRecord } from '../protocol/event.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { LEAST_SUBSCRIPTIONS } from './capabilities.ts';

/**
 * What was learnt of a relay, as plain data.
 *
 * @example
 * ```ts
 * import type { RelayMemory } from 'rx-relay-pool';
 *
 * const isPromising = ({ reliability, circuit }: RelayMemory): boolean => reliability > 0.8 && circuit.openings === 0;
 * ```
 */
export interface RelayMemory {
  /** When this was written down, in milliseconds since 1970. */
  readonly at: number;
  readonly circuit: CircuitMemory;
  /** Attempts to connect in a row that failed. */
  readonly attempts: number;
  /** Share of what was asked of it that it did, lately: 0 to 1. */
  readonly reliability: number;
  /** Median milliseconds to an answer (EOSE or OK); absent when not measured. */
  readonly latency?: number;
  /** When it last answered, in milliseconds since 1970; absent when it never did. */
  readonly lastSuccess?: number;
  /** REQs that it lets be open on one connection; absent when not known. */
  readonly maxSubscriptions?: number;
}

/**
 * What a pool learnt of relays, as plain data for `JSON.stringify`: `pool.memory` gives it, the option `memory` takes it.
 *
 * @example
 * ```ts
 * import { type PoolMemory, RelayPool } from 'rx-relay-pool';
 *
 * const kept = globalThis.localStorage?.getItem('relays');
 * const pool = new RelayPool({
 *   relays: ['wss://relay.example'],
 *   memory: kept ? (JSON.parse(kept) as PoolMemory) : undefined,
 * });
 * globalThis.localStorage?.setItem('relays', JSON.stringify(pool.memory));
 * pool.close();
 * ```
 */
export interface PoolMemory {
  readonly version: 1;
  /** By relay URL. */
  readonly relays: Readonly<Record<string, RelayMemory>>;
}

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
/** Older than this it counts nothing. */
const FORGOTTEN_AFTER = 7 * DAY;
/** In this time half of what was learnt is forgotten. */
const HALF_LIFE = { reliability: DAY, attempts: 10 * MINUTE, openings: 60 * MINUTE };
/** Relays that are kept although this pool has not met them. */
const MOST_RELAYS = 1_000;

/** Takes up what was kept of a relay, `now` in milliseconds since 1970: aged, and without what makes no sense. Undefined when nothing is left. */
export function aged(memory: unknown, now: number): RelayMemory | undefined {
  if (!isRecord(memory) || !isFrom(memory['at'], 0)) return undefined;
  const age = Math.max(0, now - memory['at']);
  if (age > FORGOTTEN_AFTER) return undefined;
  const left = (halfLife: number): number => 0.5 ** (age / halfLife);
  const { reliability, attempts, latency, lastSuccess, maxSubscriptions } = memory;
  const circuit = isRecord(memory['circuit']) ? memory['circuit'] : {};
  const openings = isFrom(circuit['openings'], 0) ? circuit['openings'] : 0;
  const unreliability = isFrom(reliability, 0) && reliability <= 1 ? 1 - reliability : 0;
  return {
    at: memory['at'],
    circuit: {
      openings: Math.floor(openings * left(HALF_LIFE.openings)),
      ...(isFrom(circuit['openUntil'], 0) ? { openUntil: circuit['openUntil'] } : {}),
    },
    attempts: isFrom(attempts, 0) ? Math.floor(attempts * left(HALF_LIFE.attempts)) : 0,
    reliability: 1 - unreliability * left(HALF_LIFE.reliability),
    ...(isFrom(latency, 0) ? { latency } : {}),
    ...(isFrom(lastSuccess, 0) ? { lastSuccess } : {}),
    ...(isFrom(maxSubscriptions, LEAST_SUBSCRIPTIONS) ? { maxSubscriptions: Math.floor(maxSubscriptions) } : {}),
  };
}

/** The memories of relays by their URL; anything else that was given is left out. */
export function relaysIn(memory: unknown): Map<string, unknown> {
  const relays = isRecord(memory) && memory['version'] === 1 && isRecord(memory['relays']) ? memory['relays'] : {};
  return new Map(Object.entries(relays));
}

/** Keeps what was learnt of one more relay; beyond what is kept in all, the one that was written down first is forgotten. */
export function remember(memories: Map<string, unknown>, url: RelayUrl, memory: RelayMemory): void {
  memories.delete(url);
  const [oldest] = memories.size < MOST_RELAYS ? [] : memories.keys();
  if (oldest !== undefined) memories.delete(oldest);
  memories.set(url, memory);
}

/** What to keep: of the relays of this pool, and of the others that an earlier one knew as long as there is room. */
export function poolMemory(
  known: ReadonlyMap<string, RelayMemory>,
  earlier: ReadonlyMap<string, unknown>,
  now: number,
): PoolMemory {
  const others = [...earlier].flatMap(([url, memory]) => {
    const kept = known.has(url) ? undefined : aged(memory, now);
    return kept ? [{ url, memory: memory as RelayMemory, at: kept.at }] : [];
  });
  others.sort((a, b) => b.at - a.at);
  const room = Math.max(0, MOST_RELAYS - known.size);
  const unmet = others.slice(0, room).map(({ url, memory }) => [url, memory] as const);
  return { version: 1, relays: Object.fromEntries([...known, ...unmet]) };
}

function isFrom(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= least;
}
