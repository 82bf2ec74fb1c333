import { describe, expect, it } from 'vitest';
import { readArguments } from '../../src/cli/arguments.ts';
import { relayFlags, relayOptionsOf } from '../../src/cli/relay-faults.ts';
import { fakeEvent, RelayCore, type RelayFaults } from '../../src/testing/index.ts';

const optionsOf = (...argv: string[]) => relayOptionsOf(readArguments(argv, relayFlags), 0);

describe('relayOptionsOf', () => {
  it('has no fault and no limit without flags', () => {
    expect(optionsOf()).toEqual({
      limits: {},
      faults: {},
      port: 0,
      count: true,
      negentropy: true,
      hints: true,
      verify: true,
      excessSubscriptions: 'closed',
      clockSkew: 0,
      seed: 1,
    });
  });

  it('has a flag for every fault', () => {
    const text = Object.keys(relayFlags);
    const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const faults = Object.keys(new RelayCore().faults);
    expect(faults.length).toBeGreaterThan(25);
    expect(faults.filter((fault) => !text.includes(kebab(fault)))).toEqual([]);
  });

  it('switches on the fault of each switch, and no other', () => {
    const switches = Object.entries(relayFlags).filter(
      ([, { type, help }]) => type === 'boolean' && help.startsWith('fault:'),
    );
    expect(switches).toHaveLength(14);
    for (const [name] of switches) {
      const fault = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
      expect(optionsOf(`--${name}`).faults).toEqual({ [fault]: true });
    }
  });

  it.each<[string[], Partial<RelayFaults>]>([
    [['--delay', '200ms'], { delay: 200 }],
    [['--notice-only', 'all'], { noticeOnly: true }],
    [['--notice-only', 'req,NEG-OPEN'], { noticeOnly: ['REQ', 'NEG-OPEN'] }],
    [['--closed-with', 'restricted: no'], { closedWith: 'restricted: no' }],
    [['--rejected-with', 'blocked: no'], { rejectedWith: 'blocked: no' }],
    [['--auth-rejected-with', 'x'], { authRejectedWith: 'x' }],
    [['--late-auth', '1s'], { lateAuth: 1_000 }],
    [['--lie', 'wrong-id'], { lie: 'wrong-id' }],
    [['--order', 'oldest'], { order: 'oldest' }],
    [['--tie-break', 'highest-id'], { tieBreak: 'highest-id' }],
    [['--cap', '10'], { cap: 10 }],
    [['--drop-after', '3'], { dropAfter: 3 }],
    [['--information-delay', '1s'], { informationDelay: 1_000 }],
    [['--information-html', '<p>'], { informationHtml: '<p>' }],
  ])('reads %j', (argv, faults) => {
    expect(optionsOf(...argv).faults).toEqual(faults);
  });

  it('draws a delay between two', () => {
    const { delay } = optionsOf('--delay', '50-300ms').faults ?? {};
    expect([0, 0.5, 1].map((draw) => typeof delay === 'function' && delay(() => draw))).toEqual([50, 175, 300]);
  });

  it('withholds what matches', () => {
    const { withholds } = optionsOf('--withholds', '[{"kinds":[1]},{"kinds":[2]}]').faults ?? {};
    expect([1, 2, 3].map((kind) => withholds?.(fakeEvent({ kind })))).toEqual([true, true, false]);
  });

  it('sets the relay up', () => {
    expect(
      optionsOf(
        '--port',
        '7777',
        '--limit',
        'max_limit=100',
        '--limit',
        'max_filters=2',
        '--auth-for',
        'write',
        '--no-count',
        '--no-negentropy',
        '--no-hints',
        '--no-verify',
        '--excess-subscriptions',
        'silence',
        '--clock-skew=-5',
        '--random-seed',
        '7',
      ),
    ).toEqual({
      limits: { max_limit: 100, max_filters: 2 },
      faults: {},
      port: 7_777,
      auth: { read: false, write: true },
      count: false,
      negentropy: false,
      hints: false,
      verify: false,
      excessSubscriptions: 'silence',
      clockSkew: -5,
      seed: 7,
    });
    expect([optionsOf('--auth-for', 'read').auth, optionsOf('--auth-for', 'all').auth]).toEqual([
      { read: true, write: false },
      { read: true, write: true },
    ]);
  });

  it.each([
    [['--limit', 'max_limt=1'], "not 'max_limt'. Did you mean max_limit?"],
    [['--limit', 'max_limit'], '--limit takes name=number, such as max_limit=100'],
    [['--limit', 'max_limit=x'], '--limit takes name=number'],
    [['--lie', 'white'], '--lie takes forged-signature'],
    [['--delay', '300-50ms'], 'the second time is shorter than the first'],
    [['--delay', 'slow'], '--delay takes a time'],
    [['--notice-only', 'REQ,FOO'], "not 'FOO'"],
    [['--withholds', 'x'], '--withholds is no JSON'],
    [['--port', '65536'], '--port takes a whole number from 0 to 65535'],
  ])('refuses %j', (argv, message) => {
    expect(() => optionsOf(...argv)).toThrow(message);
  });
});
