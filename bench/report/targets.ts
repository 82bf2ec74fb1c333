import type { Series } from '../runner/run-in-turn.ts';
import type { Size } from '../scenarios/sizes.ts';
import { cpuPerEvent, find, isWhole, numberNamed, ratio, type Reading, readings, wall } from './statistics.ts';

/** All that a run came to. */
export interface Results {
  readonly series: readonly Series[];
  readonly sizes: readonly Size[];
}

/** What ours is to reach. */
export interface Target {
  readonly scenario: string;
  readonly what: string;
  readonly most: number;
  readonly unit: '×' | 'ms' | 'MB' | 'kB' | 'events' | 'relays';
  /** NaN where it was not measured, or where ours did not do all of its work. */
  readonly of: (results: Results) => number;
}

/** A target that is also guarded: its ratio may not grow. */
export interface GuardedTarget extends Target {
  /** Its name in ratios.json. */
  readonly ratio: string;
}

const beside =
  (scenario: string, reading: Reading, { ours = 'ours', other = 'raw', of = undefined as string | undefined } = {}) =>
  ({ series }: Results): number =>
    ratio(find(series, scenario, ours, of), find(series, scenario, other, of), reading);

const few = '10 subscriptions';
const many = '1,000 subscriptions';

export const guarded: readonly GuardedTarget[] = [
  {
    scenario: 'a',
    ratio: 'a: CPU',
    what: 'CPU per event, to raw',
    most: 1.15,
    unit: '×',
    of: beside('a', cpuPerEvent),
  },
  { scenario: 'b', ratio: 'b: CPU', what: 'CPU per event, to raw', most: 0.7, unit: '×', of: beside('b', cpuPerEvent) },
  {
    scenario: 'c',
    ratio: 'c: wall',
    what: 'wall, default settings, to verifying each event once with nostr-wasm in one thread',
    most: 0.25,
    unit: '×',
    of: beside('c', wall, { other: 'nostr-wasm, once' }),
  },
  { scenario: 'd', ratio: 'd: CPU', what: 'CPU per OK, to raw', most: 1.2, unit: '×', of: beside('d', cpuPerEvent) },
  {
    scenario: 'e',
    ratio: 'e: CPU at 200',
    what: 'CPU per event at 200 subscriptions, to raw',
    most: 1.15,
    unit: '×',
    of: beside('e', cpuPerEvent, { of: '200 subscriptions' }),
  },
  {
    scenario: 'e',
    ratio: 'e: CPU at 1,000 to 10',
    what: 'CPU per event at 1,000 subscriptions, to ours at 10',
    most: 1.1,
    unit: '×',
    of: ({ series }) => ratio(find(series, 'e', 'ours', many), find(series, 'e', 'ours', few), cpuPerEvent),
  },
  {
    scenario: 'i',
    ratio: 'i: wall',
    what: 'wall, to raw',
    most: 1.2,
    unit: '×',
    of: beside('i', wall),
  },
  {
    scenario: 'i',
    ratio: 'i: CPU, 200 sockets',
    what: 'CPU per event with a socket for each relay, to raw',
    most: 1.2,
    unit: '×',
    of: beside('i', cpuPerEvent, { ours: 'ours, 200 sockets' }),
  },
];

const value = ({ series }: Results, scenario: string, name: string): number => {
  const found = find(series, scenario, 'ours');
  return found && isWhole(found) ? readings(found, numberNamed(name)).median : NaN;
};
const kilobytes = ({ sizes }: Results, name: string): number =>
  (sizes.find((size) => size.name === name)?.gzipped ?? NaN) / 1_000;

const others: readonly Target[] = [
  {
    scenario: 'b',
    what: 'CPU per event on the platform’s WebSocket, to a bare client on it',
    most: 0.8,
    unit: '×',
    of: beside('b', cpuPerEvent, { ours: 'ours, platform', other: 'raw, platform' }),
  },
  {
    scenario: 'f',
    what: 'heap over idle after 1,000,000 ids',
    most: 64,
    unit: 'MB',
    of: (all) => value(all, 'f', 'after 1,000,000') / 1e6,
  },
  {
    scenario: 'f',
    what: 'heap after 1,000,000 ids, to that after 200,000',
    // What garbage collections leave differs by some percent.
    most: 1.1,
    unit: '×',
    of: (all) => value(all, 'f', 'after 1,000,000') / value(all, 'f', 'after 200,000'),
  },
  {
    scenario: 'f',
    what: 'delivered again of the last 10,000',
    most: 0,
    unit: 'events',
    of: (all) => value(all, 'f', 'again'),
  },
  {
    scenario: 'g',
    what: 'time to completion, latencies known',
    most: 1_200,
    unit: 'ms',
    of: (all) => value(all, 'g', 'last'),
  },
  {
    scenario: 'g',
    what: 'relays that did not answer and are not named',
    most: 0,
    unit: 'relays',
    of: (all) => value(all, 'g', 'unnamed'),
  },
  {
    scenario: 'h',
    what: 'the pool, without its verifier, gzipped',
    most: 12,
    unit: 'kB',
    of: (all) => kilobytes(all, 'ours: the pool, without its verifier'),
  },
  {
    scenario: 'h',
    what: 'relay(url) alone, gzipped',
    most: 5,
    unit: 'kB',
    of: (all) => kilobytes(all, 'ours: relay(url) alone, without a verifier'),
  },
  {
    scenario: 'j',
    what: 'longest stall of the page',
    most: 50,
    unit: 'ms',
    of: (all) => value(all, 'j', 'longest stall'),
  },
  {
    scenario: 'k1',
    what: 'time to the first event, to raw on the fastest relay',
    most: 1.1,
    unit: '×',
    of: beside('k1', wall),
  },
  { scenario: 'k2', what: 'p99 from frame to subscriber', most: 20, unit: 'ms', of: (all) => value(all, 'k2', 'p99') },
];

export const targets: readonly Target[] = [...guarded, ...others].sort((a, b) => (a.scenario < b.scenario ? -1 : 1));
