import { describe, expect, it } from 'vitest';
import { RelaySightings } from '../../src/policies/relay-sightings.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { heapInUse } from '../support/heap.ts';

const relay = (index: number) => relayUrl(`wss://relay${index}.example`);
const id = (index: number) => index.toString(16).padStart(64, '0');

describe('RelaySightings', () => {
  it('knows the relays that sent an event, each once', () => {
    const sightings = new RelaySightings(10);
    for (const index of [1, 2, 1]) sightings.add(relay(index), id(1));
    sightings.add(relay(3), id(2));
    expect(sightings.of(id(1)).toSorted()).toEqual([relay(1), relay(2)]);
    expect(sightings.of(id(2))).toEqual([relay(3)]);
    expect(sightings.of(id(3))).toEqual([]);
    expect(sightings.of('no id')).toEqual([]);
  });

  it('keeps no frame alive that an id was cut from', async () => {
    const sightings = new RelaySightings(1_000);
    const before = await heapInUse();
    const filler = Buffer.alloc(50_000, 'x');
    for (let index = 0; index < 1_000; index++) {
      const frame = Buffer.concat([filler, Buffer.from(id(index))]).toString('latin1');
      sightings.add(relay(1), frame.slice(50_000), true);
    }
    // The frames come to 50 MB.
    expect((await heapInUse()) - before).toBeLessThan(10_000_000);
    expect(sightings.of(id(999))).toEqual([relay(1)]);
  });

  it('forgets the id that was seen first longest ago, however often it came since', () => {
    const sightings = new RelaySightings(2);
    for (const index of [1, 2, 1, 3]) sightings.add(relay(index), id(index));
    expect([1, 2, 3].map((index) => sightings.of(id(index)))).toEqual([[], [relay(2)], [relay(3)]]);
    sightings.add(relay(9), id(1));
    expect(sightings.of(id(1))).toEqual([relay(9)]); // nothing is left of whom it had the place from
  });

  it('tells a thousand relays apart', () => {
    const sightings = new RelaySightings(100);
    for (let index = 0; index < 1_000; index++) sightings.add(relay(index), id(index % 100));
    expect(new Set(sightings.of(id(42)))).toEqual(new Set(Array.from({ length: 10 }, (_, n) => relay(42 + n * 100))));
  });

  it('forgets the relay that was met longest ago beyond 1,024', () => {
    const sightings = new RelaySightings(10);
    for (let index = 0; index < 1_025; index++) sightings.add(relay(index), id(1));
    const seen = sightings.of(id(1));
    expect(seen).toHaveLength(1_024);
    expect(seen).not.toContain(relay(0));
    expect(seen).toContain(relay(1_024));
    sightings.add(relay(0), id(2));
    expect(sightings.of(id(2))).toEqual([relay(0)]);
    expect(sightings.of(id(1))).not.toContain(relay(1));
  });

  it.each([[0], [1.5], [Number.NaN]])('refuses a capacity of %s', (capacity) => {
    expect(() => new RelaySightings(capacity)).toThrow(RangeError);
  });
});
