import { describe, expect, it } from 'vitest';
import { readArguments } from '../../src/cli/arguments.ts';
import { inNoColour } from '../../src/cli/paint.ts';
import { publish } from '../../src/cli/publish.ts';
import { quorumOf, Tally } from '../../src/cli/publish-tally.ts';
import { RelayStandings, withoutRelay } from '../../src/cli/relay-standings.ts';
import { exitCodeOf } from '../../src/cli/exit-code.ts';
import { type Packet, parseReason, type PublishOutcome, RelayError, relayUrl } from '../../src/index.ts';
import { fakeEvent } from '../../src/testing/index.ts';

const a = relayUrl('wss://a.example');
const b = relayUrl('wss://b.example');
const event: Packet = { type: 'event', relay: a, event: fakeEvent() };
const eose = (relay = a): Packet => ({ type: 'eose', relay, pending: 0 });
const lost = (relay = a): Packet => ({
  type: 'lost',
  relay,
  pending: 0,
  error: new RelayError('silent', relay, 'It said\u001B[2J nothing.'),
});
const closed: Packet = { type: 'closed', relay: a, reason: parseReason('restricted: members'), pending: 0 };
const gap = (since: number, until: number): Packet => ({ type: 'gap', relay: a, since, until });

const codeOf = (...packets: Packet[]): number => {
  const standings = new RelayStandings([a, b], undefined, 0);
  for (const packet of packets) standings.heard(packet, 10);
  standings.over();
  return standings.exitCode;
};

describe('RelayStandings', () => {
  it.each([
    ['all relays said EOSE', [eose(), eose(b)], 0],
    ['one is too late', [event, eose()], 1],
    ['one refused', [closed, eose(b)], 1],
    ['one was lost', [lost(), eose(b)], 1],
    ['one was lost, and came back', [lost(), eose(), eose(b)], 0],
    ['one was lost behind its EOSE', [eose(), eose(b), lost()], 1],
    ['something may be missing', [gap(1, 2), eose(), eose(b)], 1],
    ['none did', [event, lost(), lost(b)], 3],
    ['nobody said anything', [], 3],
  ])('when %s', (_, packets, code) => {
    expect(codeOf(...packets)).toBe(code);
  });

  it('says trouble once, in words that are safe to show', () => {
    const standings = new RelayStandings([a], undefined, 0);
    expect([standings.heard(lost(), 1), standings.heard(lost(), 2), standings.heard(closed, 3)]).toEqual([
      'silent: It said [2J nothing.',
      undefined,
      'refused: restricted: members',
    ]);
    expect(standings.heard(gap(0, 60), 4)).toBe(
      'events of 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z may be missing',
    );
    expect(standings.heard(gap(0, Infinity), 4)).toBeUndefined();
    expect(standings.over()).toEqual([]);
  });

  it('draws a bar for each relay and a sum', () => {
    const standings = new RelayStandings([a, b], 4, 0);
    standings.heard(event, 1);
    standings.heard(eose(b), 340);
    const lines = standings.drawing(() => 500, false)(0, 81, 9, inNoColour);
    expect(lines).toEqual([
      '⠋ wss://a.example/  ██████░░░░░░░░░░░░░░░░░░  1 event',
      '✓ wss://b.example/  ████████████████████████  0 events, EOSE after 340 ms',
      '  1 event, 1/2 relays, 500 ms',
    ]);
    expect(
      standings
        .drawing(() => 500, true)(0, 81, 9, inNoColour)
        .at(-1),
    ).toContain('streaming, Ctrl-C ends');
    expect(standings.over()).toEqual([a]);
    expect(standings.drawing(() => 500, false)(0, 120, 9, inNoColour)[0]).toContain('no end of the answer in time');
  });

  it('takes the relay out of a message beside which it stands', () => {
    expect([withoutRelay(`${a}: gone`, a), withoutRelay('gone', a)]).toEqual(['gone', 'gone']);
  });
});

describe('exitCodeOf', () => {
  it('tells all, some and none apart', () => {
    expect([exitCodeOf(2, 2), exitCodeOf(1, 2), exitCodeOf(0, 2)]).toEqual([0, 1, 3]);
  });
});

describe('Tally', () => {
  const yes: PublishOutcome = { status: 'accepted', reason: parseReason('') };
  const no: PublishOutcome = { status: 'rejected', reason: parseReason('blocked: \u001B[2Jno') };
  const tallyOf = (quorum: number, ...events: readonly (readonly [PublishOutcome, PublishOutcome])[]): Tally => {
    const tally = new Tally([a, b], quorum);
    for (const [first, second] of events) {
      tally.begin();
      tally.count(a, first);
      tally.count(b, second);
      const accepted = [first, second].filter(({ status }) => status === 'accepted').length;
      tally.end({ event: fakeEvent(), outcomes: { [a]: first, [b]: second }, accepted, pending: 0 });
    }
    return tally;
  };

  it.each([
    ['all accepted', 2, [[yes, yes]], 0],
    ['one of two did', 2, [[yes, no]], 1],
    ['one of two did, which is enough', 1, [[yes, no]], 0],
    ['none did', 1, [[no, no]], 3],
    [
      'one event is too little accepted',
      1,
      [
        [yes, no],
        [no, no],
      ],
      1,
    ],
    [
      'each of two events is accepted somewhere',
      2,
      [
        [yes, no],
        [no, yes],
      ],
      1,
    ],
  ] as const)('when %s', (_, quorum, events, code) => {
    expect(tallyOf(quorum, ...events).exitCode).toBe(code);
  });

  it('shows how far each relay is', () => {
    expect(tallyOf(2, [yes, no], [yes, yes]).bars).toEqual([
      { name: a, state: 'done', share: 1, text: '2 of 2 accepted' },
      { name: b, state: 'partial', share: 1, text: '1 of 2 accepted; rejected: blocked:  [2Jno' },
    ]);
    const tally = new Tally([a], 1);
    expect(tally.bars[0]?.state).toBe('busy');
    tally.begin();
    expect(tally.bars).toEqual([{ name: a, state: 'busy', share: undefined, text: '0 of 1 accepted' }]);
  });

  it('knows how many it takes', () => {
    const of = (relays: number, ...argv: string[]) => quorumOf(readArguments(argv, publish.flags), relays);
    expect([
      of(3),
      of(3, '--quorum', 'all'),
      of(3, '--quorum', 'majority'),
      of(4, '--quorum', 'majority'),
      of(3, '--quorum', '2'),
    ]).toEqual([3, 3, 2, 3, 2]);
    expect(() => of(1, '--quorum', '2')).toThrow('--quorum 2 takes as many relays; there is 1. Nothing was sent.');
    expect(() => of(2, '--quorum', '0')).toThrow('--quorum takes a whole number from 1');
  });
});
