import { describe, expect, it } from 'vitest';
import { lifeOf, nameOf, roundUp } from '../../src/dashboard/life.ts';
import type { ExplainedRelay, ExplainedStep } from '../../src/pool/explanation.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { signedEvent, testKey } from '../../src/testing/index.ts';
import { anExplanation } from '../support/dashboard-states.ts';

const known = { isReady: true, reliability: 1, cost: undefined, inFlight: 0, queued: 0 };
function relayWith(
  name: string,
  omitted: number,
  ...steps: readonly (readonly [after: number, what: ExplainedStep['what'], why?: string])[]
): ExplainedRelay {
  return {
    relay: relayUrl(`wss://${name}.example`),
    known,
    steps: steps.map(([after, what, why = '']) => ({ after, what, why })),
    omitted,
  };
}

describe('lifeOf', () => {
  it('has a lane for each relay: waiting, asked, and what each step was', () => {
    const { title, ticks, lanes } = lifeOf(
      anExplanation(7, {
        ids: ['feed'],
        relays: [
          relayWith(
            'a',
            0,
            [0, 'chosen'],
            [10, 'throttled', 'waited 10 ms for its turn'],
            [10, 'sent'],
            [80, 'late'],
            [80, 'answered', 'EOSE after 70 ms'],
          ),
          relayWith('b', 2, [0, 'skipped', 'the route preferred others']),
          relayWith('c', 0, [0, 'chosen'], [5, 'sent'], [50, 'refused', 'blocked: no'], [50, 'left']),
        ],
      }),
    );
    expect(title).toBe('REQ feed: kind 1, normal, took 100 ms');
    expect(ticks.map(({ at, label }) => `${at} ${label}`)).toEqual([
      '0 0',
      '0.25 25 ms',
      '0.5 50 ms',
      '0.75 75 ms',
      '1 100 ms',
    ]);
    expect(lanes.map(({ relay, spans, outcome }) => [relay, outcome, ...spans])).toEqual([
      ['wss://a.example/', 'answered', { kind: 'waiting', from: 0, to: 0.1 }, { kind: 'asked', from: 0.1, to: 0.8 }],
      ['wss://b.example/', 'skipped'],
      ['wss://c.example/', 'left', { kind: 'waiting', from: 0, to: 0.05 }, { kind: 'asked', from: 0.05, to: 0.5 }],
    ]);
    expect(lanes.map(({ text }) => text)).toEqual([
      'chosen +0 ms · throttled +10 ms (waited 10 ms for its turn) · sent +10 ms · late +80 ms · answered +80 ms (EOSE after 70 ms)',
      '2 steps before · skipped +0 ms (the route preferred others)',
      'chosen +0 ms · sent +5 ms · refused +50 ms (blocked: no) · left +50 ms',
    ]);
    expect(lanes[0]?.steps.map(({ at }) => at)).toEqual([0, 0.1, 0.1, 0.8, 0.8]);
  });

  it('goes on to the end of the axis where it is not over', () => {
    const { endedAt: _, ...running } = anExplanation(1, {
      relays: [
        relayWith('a', 0, [0, 'chosen'], [1, 'sent'], [40, 'answered']),
        relayWith('b', 0, [0, 'chosen'], [20, 'sent']),
      ],
    });
    const { title, lanes } = lifeOf(running);
    expect(title).toContain('goes on');
    expect(lanes.map(({ spans }) => spans.at(-1))).toEqual([
      { kind: 'live', from: 1, to: 1 },
      { kind: 'asked', from: 0.5, to: 1 },
    ]);
  });

  it('has fifty lanes at most, and an axis where nothing happened', () => {
    const relays = Array.from({ length: 60 }, (_, n) => relayWith(`r${n}`, 0));
    const { title, lanes, ticks } = lifeOf(anExplanation(1, { relays, endedAt: 1_000 }));
    expect(lanes).toHaveLength(50);
    expect(title).toContain('; 10 more relays');
    expect(lanes[0]).toMatchObject({ outcome: 'considered', text: '', spans: [] });
    expect(ticks.at(-1)?.label).toBe('1 ms');
  });
});

describe('nameOf', () => {
  const name = (filters: Parameters<typeof anExplanation>[1]) => nameOf(anExplanation(3, filters));

  it('is few words', () => {
    const author = testKey(0).publicKey;
    expect(name({ filters: [{ kinds: [1, 3], authors: [author, author], '#t': ['a'], limit: 5 }] })).toBe(
      'REQ: kinds 1 3, 2 authors, 1 #t, limit 5',
    );
    expect(name({ filters: [{}] })).toBe('REQ: everything');
    expect(name({ filters: [{ kinds: [1] }, {}, {}] })).toBe('REQ: kind 1 and 2 more filters');
    expect(name({ filters: [{ search: 'x'.repeat(100) }], ids: ['y'.repeat(100)] })).toHaveLength(4 + 40 + 2 + 7 + 20);
    const event = signedEvent({ kind: 7 }, testKey(0));
    expect(nameOf({ call: 1, ids: [event.id], verb: 'EVENT', event, priority: 'low', beganAt: 0 })).toBe(
      `EVENT: kind 7, ${event.id.slice(0, 8)}…`,
    );
    expect(nameOf({ ...anExplanation(1), title: 'as it was called' })).toBe('as it was called');
  });
});

describe('roundUp', () => {
  it.each([
    [1, 1],
    [1.1, 2],
    [10, 10],
    [33, 40],
    [41, 60],
    [99, 100],
    [0.3, 0.4],
    [4_001, 6_000],
  ])('%d: %d', (value, wanted) => expect(roundUp(value)).toBeCloseTo(wanted, 10));
});
