import { describe, expect, it } from 'vitest';
import { NewestEvents } from '../../src/policies/newest-events.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { heapInUse } from '../support/heap.ts';
import { anEvent } from '../support/packets.ts';

const note = (id: string, created_at: number): NostrEvent => anEvent(id, { created_at });
const profile = (id: string, created_at: number): NostrEvent => anEvent(id, { kind: 0, created_at });
const idsOf = ({ events }: NewestEvents): string[] => events.map(({ id }) => id.replace(/^0+/, ''));
const listOf = (events: readonly NostrEvent[], limit = 100): NewestEvents => {
  const list = new NewestEvents(limit);
  for (const event of events) list.add(event);
  return list;
};

describe('NewestEvents', () => {
  it('is sorted: newest first, on a tie the lower id first', () => {
    expect(idsOf(listOf([note('2', 10), note('4', 30), note('1', 10), note('3', 20)]))).toEqual(['4', '3', '1', '2']);
  });

  it('has each event once, and says that a second copy changed nothing', () => {
    const list = listOf([note('1', 10), note('2', 20)]);
    expect(list.add(note('1', 10))).toBe(false);
    expect(idsOf(list)).toEqual(['2', '1']);
  });

  it('has the newest up to its limit, and says that an older one changed nothing', () => {
    const list = listOf([note('1', 10), note('2', 20), note('3', 30)], 2);
    expect(idsOf(list)).toEqual(['3', '2']);
    expect(list.add(note('4', 15))).toBe(false);
    expect(list.add(note('5', 25))).toBe(true);
    expect(idsOf(list)).toEqual(['3', '5']);
  });

  it('has of a replaceable event the current version alone, whichever came first', () => {
    expect(idsOf(listOf([profile('1', 10), note('3', 15), profile('2', 20)]))).toEqual(['2', '3']);
    expect(idsOf(listOf([profile('2', 20), note('3', 15), profile('1', 10)]))).toEqual(['2', '3']);
    expect(idsOf(listOf([profile('1', 10), profile('2', 10)]))).toEqual(['1']);
  });

  it('has an article of each name', () => {
    const article = (id: string, d: string): NostrEvent =>
      anEvent(id, { kind: 30_023, created_at: Number(id), tags: [['d', d]] });
    expect(idsOf(listOf([article('1', 'a'), article('2', 'b'), article('3', 'a')]))).toEqual(['3', '2']);
  });

  it('takes a new version when the one before had no room any more', () => {
    const list = listOf([profile('1', 10), note('2', 20)], 1);
    expect(idsOf(list)).toEqual(['2']);
    list.add(profile('3', 30));
    expect(idsOf(list)).toEqual(['3']);
  });

  it('holds on to nothing that had no room', async () => {
    const list = new NewestEvents(10);
    const before = await heapInUse();
    for (let index = 1; index <= 20_000; index++) {
      const pubkey = index.toString(16).padStart(64, '0');
      list.add(anEvent(`${index}`, { kind: 0, pubkey, created_at: index }));
    }
    // 20,000 profiles are more than ten megabytes.
    expect((await heapInUse()) - before).toBeLessThan(1_000_000);
    expect(list.events).toHaveLength(10);
  });

  it('leaves out what is not wanted any more, and takes it again when it comes again', () => {
    const list = listOf([profile('1', 10), note('2', 20), note('3', 30)]);
    expect(list.retain(({ kind }) => kind === 1)).toBe(true);
    expect(idsOf(list)).toEqual(['3', '2']);
    expect(list.retain(({ kind }) => kind === 1)).toBe(false);
    expect(list.add(profile('1', 10))).toBe(true);
    expect(idsOf(list)).toEqual(['3', '2', '1']);
  });

  it('keeps to the current version of what it retained', () => {
    const list = listOf([profile('2', 20), note('3', 30)]);
    list.retain(({ kind }) => kind === 0);
    expect(list.add(profile('1', 10))).toBe(false);
    expect(idsOf(list)).toEqual(['2']);
  });

  it('is the same array until it changes, and one that was handed out never changes', () => {
    const list = listOf([note('1', 10)]);
    const before = list.events;
    list.add(note('1', 10));
    expect(list.events).toBe(before);
    list.add(note('2', 20));
    expect(list.events).not.toBe(before);
    expect(before).toHaveLength(1);
    const full = list.events;
    list.retain(() => false);
    expect(list.events).toEqual([]);
    expect(full).toHaveLength(2);
  });

  it.each([0, -1, 1.5, NaN, Infinity])('refuses a limit of %s', (limit) => {
    expect(() => new NewestEvents(limit)).toThrow(RangeError);
    expect(() => new NewestEvents(limit)).toThrow(`not ${limit}`);
  });
});
