import { describe, expect, it } from 'vitest';
import { Latencies } from '../../../examples/five-relays/latency.ts';
import { relayUrl } from '../../../src/index.ts';

const relay = relayUrl('wss://relay.example');

describe('Latencies', () => {
  it('has no percentile without samples', () => {
    expect(new Latencies().percentile(relay, 50)).toBeUndefined();
  });

  it('takes the nearest rank, whatever the order of the samples', () => {
    const latencies = new Latencies();
    for (const sample of [100, 15, 40, 9, 35]) latencies.record(relay, sample);
    expect([0, 5, 20, 30, 40, 50, 95, 100].map((percent) => latencies.percentile(relay, percent))).toEqual([
      9, 9, 9, 15, 15, 35, 100, 100,
    ]);
  });

  it('keeps relays apart', () => {
    const latencies = new Latencies();
    latencies.record(relay, 1);
    latencies.record(relayUrl('wss://other.example'), 2);
    expect(latencies.percentile(relay, 100)).toBe(1);
  });
});
