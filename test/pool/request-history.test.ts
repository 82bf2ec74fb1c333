import { beforeEach, describe, expect, it } from 'vitest';
import { RequestHistory } from '../../src/pool/request-history.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import { type RelayUrl, relayUrl } from '../../src/protocol/relay-url.ts';
import { anEvent, packetOf } from '../support/packets.ts';

const [A, B] = [relayUrl('wss://a.example'), relayUrl('wss://b.example')];
const gap = (since: number, until: number, relay: RelayUrl = A): Packet => ({ type: 'gap', relay, since, until });
const eose = (relay: RelayUrl, pending = 0): Packet => ({ type: 'eose', relay, pending });

describe('RequestHistory', () => {
  let remembered: Map<string, NostrEvent>;
  let history: RequestHistory;
  const told = (pending = 0): readonly Packet[] => history.toldTo([{}], 0, pending);
  /** `since-until`, of each gap that is told. */
  const spans = (): string[] =>
    told().flatMap((packet) => (packet.type === 'gap' ? `${packet.since}-${packet.until}` : []));
  const deliver = (event: NostrEvent): void => {
    remembered.set(event.id, event);
    history.add(packetOf.event(event));
  };

  beforeEach(() => {
    remembered = new Map();
    history = new RequestHistory((id) => remembered.get(id));
  });

  it('tells what is stored, newest first, then the gaps, then how the relays stand', () => {
    const [old, young] = [anEvent('1', { created_at: 1 }), anEvent('2', { created_at: 2 })];
    deliver(old);
    history.add(eose(B, 1));
    history.add(gap(1, 2));
    deliver(young);
    history.add(eose(A));
    expect(told()).toEqual([packetOf.event(young), packetOf.event(old), gap(1, 2), eose(B, 1), eose(A)]);
  });

  it('tells the copy that verified, and from where it came', () => {
    const event = anEvent('1');
    remembered.set(event.id, event);
    history.add({ type: 'event', relay: B, event: { ...event } });
    const [packet] = told();
    expect(packet).toEqual({ type: 'event', relay: B, event });
    expect(packet?.type === 'event' && packet.event).toBe(event);
  });

  it('tells the last word of each relay, in the order of these words, and counts down to who is awaited', () => {
    history.add(eose(A, 2));
    history.add(eose(B, 1));
    history.add({ ...packetOf.lost(1), relay: A });
    expect(told(1)).toEqual([eose(B, 2), { ...packetOf.lost(1), relay: A }]);
    expect(told(0).map((packet) => 'pending' in packet && packet.pending)).toEqual([1, 0]);
  });

  it('does not keep what is ephemeral (NIP-01)', () => {
    deliver(anEvent('1', { kind: 20_001 }));
    expect(told()).toEqual([]);
    expect(history.canBeTold).toBe(true);
  });

  it('cannot be told when an event is remembered no longer', () => {
    deliver(anEvent('1'));
    deliver(anEvent('2'));
    expect(history.canBeTold).toBe(true);
    remembered.delete(anEvent('1').id);
    expect(history.canBeTold).toBe(false);
  });

  it('cannot be told with more than 1,000 events, and keeps none of them then', () => {
    for (let i = 0; i < 1_000; i++) deliver(anEvent(`${i}`));
    deliver(anEvent('0'));
    expect(history.canBeTold).toBe(true);
    expect(told()).toHaveLength(1_000);
    deliver(anEvent('1000'));
    expect(history.canBeTold).toBe(false);
    deliver(anEvent('1001'));
    history.add(eose(A));
    history.add(gap(1, 2));
    expect(told()).toEqual([]);
    expect(history.canBeTold).toBe(false);
  });

  it.each([
    ['words', (relay: RelayUrl) => eose(relay)],
    ['gaps', (relay: RelayUrl) => gap(1, 2, relay)],
  ])('cannot be told with %s of more than 1,000 relays', (_, packetFrom) => {
    for (let i = 0; i < 1_000; i++) history.add(packetFrom(relayUrl(`wss://relay${i}.example`)));
    expect(history.canBeTold).toBe(true);
    history.add(packetFrom(A));
    expect(history.canBeTold).toBe(false);
  });

  describe('of gaps', () => {
    it('makes one of what overlaps or touches', () => {
      history.add(gap(10, 20));
      history.add(gap(15, 30));
      expect(spans()).toEqual(['10-30']);
      history.add(gap(31, 40));
      history.add(gap(5, 9));
      expect(spans()).toEqual(['5-40']);
      history.add(gap(20, 22));
      expect(spans()).toEqual(['5-40']);
      history.add(gap(0, Infinity));
      expect(spans()).toEqual(['0-Infinity']);
    });

    it('keeps apart what is apart, and the relays', () => {
      history.add(gap(10, 20));
      history.add(gap(22, 30));
      history.add(gap(21, 21, B));
      expect(spans()).toEqual(['10-20', '22-30', '21-21']);
      history.add(gap(21, 21));
      expect(spans()).toEqual(['10-30', '21-21']);
    });

    it('makes one of all that a relay has beyond 8', () => {
      for (let i = 0; i < 8; i++) history.add(gap(10 * i, 10 * i + 1));
      expect(spans()).toHaveLength(8);
      history.add(gap(500, 501, B));
      history.add(gap(200, 201));
      expect(spans()).toEqual(['0-201', '500-501']);
    });
  });
});
