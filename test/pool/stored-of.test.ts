import { describe, expect, it } from 'vitest';
import { storedOf } from '../../src/pool/stored-of.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import { anEvent, packetOf } from '../support/packets.ts';

const NOW = 1_000;
type EventPacket = Parameters<typeof storedOf>[0][number];
const packet = (tail: string, created_at: number, fields: Partial<NostrEvent> = {}): EventPacket =>
  packetOf.event(anEvent(tail, { created_at, ...fields })) as EventPacket;
const expiring = (at: number): Partial<NostrEvent> => ({ tags: [['expiration', `${at}`]] });
const stored = (delivered: readonly EventPacket[], ...filters: readonly Filter[]): readonly EventPacket[] =>
  storedOf(delivered, filters, NOW);

describe('storedOf', () => {
  it('is newest first, and on a tie the lowest id', () => {
    const [a, b, c, d] = [packet('2', 5), packet('3', 7), packet('1', 5), packet('4', 6)];
    expect(stored([a, b, c, d], {})).toEqual([b, d, c, a]);
    expect(stored([c, a], {})).toEqual([c, a]);
  });

  it('is what matches any of the filters, each once, and the packets as they are', () => {
    const [one, seven, both] = [packet('1', 3, { kind: 1 }), packet('2', 2, { kind: 7 }), packet('3', 1, { kind: 7 })];
    expect(stored([one, seven, both], { kinds: [7] })).toEqual([seven, both]);
    expect(stored([one, seven, both], { kinds: [7] }, { until: 1 }, { kinds: [1] })).toEqual([one, seven, both]);
    expect(stored([one], { kinds: [1] })[0]).toBe(one);
    expect(stored([one], { kinds: [2] })).toEqual([]);
    expect(stored([], {})).toEqual([]);
  });

  it('takes so many of the newest as each filter wants', () => {
    const notes = [1, 2, 3, 4].map((at) => packet(`${at}`, at));
    const other = packet('a', 2, { kind: 7 });
    const ats = (...filters: readonly Filter[]): number[] =>
      stored([...notes, other], ...filters).map(({ event }) => event.created_at);
    expect(ats({ kinds: [1], limit: 2 })).toEqual([4, 3]);
    expect(ats({ kinds: [1], limit: 0 })).toEqual([]);
    expect(ats({ kinds: [1], limit: 9 })).toEqual([4, 3, 2, 1]);
    expect(ats({ kinds: [1], limit: 1 }, { kinds: [7], limit: 1 })).toEqual([4, 2]);
    expect(ats({ kinds: [1], limit: 1 }, { limit: 3 })).toEqual([4, 3, 2]);
  });

  it('leaves out what has expired, and counts it for no limit', () => {
    const [past, due, next] = [
      packet('1', 9, expiring(NOW - 1)),
      packet('2', 8, expiring(NOW)),
      packet('3', 7, expiring(NOW + 1)),
    ];
    expect(stored([past, due, next], {})).toEqual([next]);
    expect(stored([past, due, next], { limit: 1 })).toEqual([next]);
  });

  it('keeps the newest version of what is replaceable, by its author and kind', () => {
    const [old, newest, tie] = [packet('2', 5, { kind: 0 }), packet('3', 6, { kind: 0 }), packet('4', 6, { kind: 0 })];
    const others = [packet('5', 4, { kind: 0, pubkey: 'c'.repeat(64) }), packet('6', 3, { kind: 3 })];
    expect(stored([old, newest, tie, ...others], {})).toEqual([newest, ...others]);
    expect(stored([tie, newest, old], {})).toEqual([newest]);
    expect(stored([old, newest], { kinds: [0], limit: 1 })).toEqual([newest]);
  });

  it('keeps the newest version of what is addressable, by its d tag too', () => {
    const [first, second] = [
      packet('1', 5, { kind: 30_023, tags: [['d', 'x']] }),
      packet('2', 6, { kind: 30_023, tags: [['d', 'x']] }),
    ];
    const other = packet('3', 4, { kind: 30_023, tags: [['d', 'y']] });
    expect(stored([first, second, other], {})).toEqual([second, other]);
  });

  it('does not go back to an old version where the newest has expired or is not asked for', () => {
    const [old, newest] = [packet('1', 5, { kind: 0 }), packet('2', 6, { kind: 0, ...expiring(NOW) })];
    expect(stored([old, newest], {})).toEqual([]);
    const tagged = packet('3', 5, { kind: 30_023, tags: [['t', 'x']] });
    expect(stored([tagged, packet('4', 6, { kind: 30_023 })], { '#t': ['x'] })).toEqual([]);
  });
});
