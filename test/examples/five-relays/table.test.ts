import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../../examples/five-relays/table.ts';
import { type PoolMetrics, RelayPool, relayUrl } from '../../../src/index.ts';
import { statusOf } from './status.ts';

const [one, another] = [relayUrl('wss://one.example'), relayUrl('wss://another.example')];
const statuses = [one, another].map((url) => statusOf({ url }));

function metricsOf(...relays: readonly string[]): PoolMetrics {
  const looks: PoolMetrics[] = [];
  using pool = new RelayPool({ relays });
  pool.metrics$.subscribe((look) => looks.push(look)).unsubscribe();
  const [first] = looks;
  if (!first) throw new Error('A pool tells its metrics at once.');
  return first;
}

describe('the rows of the table', () => {
  it('have the measures of their own relay, in the order of the statuses', () => {
    const metrics = metricsOf(another, one);
    const rows = rowsOf(statuses, metrics, (url) => `the relay ${url}`);
    expect(rows.map(({ name }) => name)).toEqual([`the relay ${one}`, `the relay ${another}`]);
    expect(rows.map(({ status }) => status)).toEqual(statuses);
    expect(rows[0]?.latency).toBe(metrics.relays[1]?.latency);
    expect(rows[1]?.latency).toBe(metrics.relays[0]?.latency);
  });

  it('have none before the first look, and of a relay that was added since', () => {
    expect(rowsOf(statuses, undefined, String).map(({ latency }) => latency)).toEqual([undefined, undefined]);
    expect(rowsOf(statuses, metricsOf(one), String)[1]?.latency).toBeUndefined();
  });
});
