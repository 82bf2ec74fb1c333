import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { readBlockedRelays, readDirectMessageRelays, readRelayList } from '../../src/protocol/relay-list.ts';
import { anEvent } from '../support/packets.ts';

const list = (kind: number, ...tags: string[][]): NostrEvent => anEvent('1', { kind, tags });
const numbered = (count: number, name: string): string[][] =>
  Array.from({ length: count }, (_, index) => [name, `wss://relay-${index}.example`]);

describe('readRelayList', () => {
  it('reads who it is of, and when', () => {
    const event = { ...list(10_002), pubkey: 'c'.repeat(64), created_at: 17 };
    expect(readRelayList(event)).toEqual({ pubkey: 'c'.repeat(64), createdAt: 17, read: [], write: [] });
  });

  it('sorts by marker: none, or an empty one, means both', () => {
    const event = list(
      10_002,
      ['r', 'wss://both.example'],
      ['r', 'wss://read.example', 'read'],
      ['r', 'wss://write.example', 'write'],
      ['r', 'wss://empty.example', ''],
    );
    expect(readRelayList(event)).toMatchObject({
      read: ['wss://both.example/', 'wss://read.example/', 'wss://empty.example/'],
      write: ['wss://both.example/', 'wss://write.example/', 'wss://empty.example/'],
    });
  });

  it.each(['READ', 'both', 'inbox', 'read '])('leaves out a relay with the marker %j', (marker) => {
    expect(readRelayList(list(10_002, ['r', 'wss://a.example', marker]))).toMatchObject({ read: [], write: [] });
  });

  it('names a relay once, however it is written', () => {
    const event = list(
      10_002,
      ['r', 'wss://a.example', 'read'],
      ['r', 'WSS://A.Example:443/', 'write'],
      ['r', 'wss://a.example/#x'],
    );
    expect(readRelayList(event)).toMatchObject({ read: ['wss://a.example/'], write: ['wss://a.example/'] });
  });

  it('takes no address into a private network, nor what is no address of a relay', () => {
    const event = list(
      10_002,
      ['r', 'ws://127.0.0.1'],
      ['r', 'wss://relay.local'],
      ['r', 'ws://[::1]:7777'],
      ['r', 'https://a.example'],
      ['r', 'wss://me:secret@a.example'],
      ['r', 'nonsense'],
      ['r', ''],
      ['r'],
      ['R', 'wss://upper.example'],
      ['relay', 'wss://other.example'],
      ['r', 'ws://public.example'],
    );
    expect(readRelayList(event)).toMatchObject({ read: ['ws://public.example/'], write: ['ws://public.example/'] });
  });

  it('takes the first ten of each, and as many as it is told to', () => {
    const event = list(10_002, ['r', 'wss://last.example', 'write'], ...numbered(12, 'r'));
    const all = readRelayList(event);
    expect([all?.read.length, all?.write.length]).toEqual([10, 10]);
    expect([all?.read.at(-1), all?.write.at(-1)]).toEqual(['wss://relay-9.example/', 'wss://relay-8.example/']);
    expect(readRelayList(event, { maxRelays: 1 })).toMatchObject({
      read: ['wss://relay-0.example/'],
      write: ['wss://last.example/'],
    });
    expect(readRelayList(event, { maxRelays: 12 })?.read).toHaveLength(12);
  });

  it('is not filled up by what it leaves out', () => {
    const refused = Array.from({ length: 50 }, () => ['r', 'ws://10.0.0.1']);
    expect(readRelayList(list(10_002, ...refused, ['r', 'wss://a.example']))?.read).toEqual(['wss://a.example/']);
  });

  it.each([3, 10_003, 10_006, 10_050, 30_002])('is undefined for kind %i', (kind) => {
    expect(readRelayList(list(kind, ['r', 'wss://a.example']))).toBeUndefined();
  });
});

describe('readDirectMessageRelays', () => {
  it('reads the relay tags, admitted ones, each once', () => {
    const event = list(
      10_050,
      ['relay', 'wss://a.example'],
      ['r', 'wss://other.example'],
      ['relay', 'ws://192.168.0.1'],
      ['relay', 'wss://a.example/'],
      ['relay', 'wss://b.example/inbox'],
    );
    expect(readDirectMessageRelays(event)).toEqual(['wss://a.example/', 'wss://b.example/inbox']);
  });

  it('takes the first ten, and as many as it is told to', () => {
    const event = list(10_050, ...numbered(12, 'relay'));
    expect(readDirectMessageRelays(event)).toHaveLength(10);
    expect(readDirectMessageRelays(event, { maxRelays: 2 })).toEqual([
      'wss://relay-0.example/',
      'wss://relay-1.example/',
    ]);
  });

  it('is undefined for another kind', () => {
    expect(readDirectMessageRelays(list(10_002, ['relay', 'wss://a.example']))).toBeUndefined();
  });
});

describe('readBlockedRelays', () => {
  it('reads every address that has a normal form, private ones too', () => {
    const event = list(
      10_006,
      ['relay', 'WSS://A.example'],
      ['relay', 'ws://127.0.0.1:7777'],
      ['relay', 'https://a.example'],
      ['relay', 'wss://a.example/'],
      ['r', 'wss://other.example'],
    );
    expect(readBlockedRelays(event)).toEqual(['wss://a.example/', 'ws://127.0.0.1:7777/']);
  });

  it('takes a thousand', () => {
    const blocked = readBlockedRelays(list(10_006, ...numbered(1_001, 'relay')));
    expect([blocked?.length, blocked?.at(-1)]).toEqual([1_000, 'wss://relay-999.example/']);
  });

  it('is undefined for another kind', () => {
    expect(readBlockedRelays(list(10_002, ['relay', 'wss://a.example']))).toBeUndefined();
  });
});

describe('maxRelays', () => {
  it.each([0, -1, 1.5, Number.NaN, Infinity])('may not be %s', (maxRelays) => {
    expect(() => readRelayList(list(1), { maxRelays })).toThrow(RangeError);
    expect(() => readDirectMessageRelays(list(1), { maxRelays })).toThrow(`got ${maxRelays}`);
  });
});
