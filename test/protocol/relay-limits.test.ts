import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createdAtBounds, readRelayLimits, type RelayLimits } from '../../src/protocol/relay-limits.ts';

const NOW = 1_800_000_000;

describe('readRelayLimits', () => {
  it('reads every limit under its name', () => {
    expect(
      readRelayLimits({
        max_message_length: 16_384,
        max_subscriptions: 300,
        max_filters: 10,
        max_limit: 5_000,
        default_limit: 500,
        max_subid_length: 100,
        max_event_tags: 2_000,
        max_content_length: 8_196,
        min_pow_difficulty: 30,
        auth_required: true,
        payment_required: false,
        restricted_writes: true,
        created_at_lower_limit: 31_536_000,
        created_at_upper_limit: 3,
      }),
    ).toEqual({
      maxMessageLength: 16_384,
      maxSubscriptions: 300,
      maxFilters: 10,
      maxLimit: 5_000,
      defaultLimit: 500,
      maxSubscriptionIdLength: 100,
      maxEventTags: 2_000,
      maxContentLength: 8_196,
      minPowDifficulty: 30,
      authRequired: true,
      paymentRequired: false,
      restrictedWrites: true,
      createdAtLowerLimit: 31_536_000,
      createdAtUpperLimit: 3,
    } satisfies RelayLimits);
  });

  it.each([undefined, null, true, 7, 'max_limit', [], [{ max_limit: 1 }], {}, { limitation: { max_limit: 1 } }])(
    'says nothing where %j stands for the limits',
    (limitation) => expect(readRelayLimits(limitation)).toStrictEqual({}),
  );

  it.each([
    0,
    -1,
    1.5,
    NaN,
    Infinity,
    2 ** 53,
    null,
    true,
    '',
    ' 5',
    '5 ',
    '-5',
    '5.0',
    '5e3',
    '0x10',
    [5],
    { value: 5 },
  ])('takes %j for no maximum', (max_limit) => expect(readRelayLimits({ max_limit })).toStrictEqual({}));

  it('reads numbers and flags that were written as texts or numbers', () => {
    expect(readRelayLimits({ max_limit: '500', min_pow_difficulty: '0', created_at_upper_limit: '900' })).toEqual({
      maxLimit: 500,
      minPowDifficulty: 0,
      createdAtUpperLimit: 900,
    });
    expect(readRelayLimits({ auth_required: 'true', payment_required: 0, restricted_writes: 1 })).toEqual({
      authRequired: true,
      paymentRequired: false,
      restrictedWrites: true,
    });
    expect(readRelayLimits({ auth_required: 'yes', payment_required: 2, restricted_writes: null })).toStrictEqual({});
  });

  it.each([
    [0, 0],
    [256, 256],
    [257, undefined],
    [-1, undefined],
  ])('takes a difficulty of %j for %j', (min_pow_difficulty, expected) =>
    expect(readRelayLimits({ min_pow_difficulty }).minPowDifficulty).toBe(expected),
  );

  it('tells a moment from a span', () => {
    const both = (seconds: number) =>
      readRelayLimits({ created_at_lower_limit: seconds, created_at_upper_limit: seconds });
    expect(both(999_999_999)).toEqual({ createdAtLowerLimit: 999_999_999, createdAtUpperLimit: 999_999_999 });
    expect(both(1_000_000_000)).toEqual({ earliestCreatedAt: 1_000_000_000, latestCreatedAt: 1_000_000_000 });
    expect(both(2 ** 31 - 2)).toEqual({ earliestCreatedAt: 2 ** 31 - 2, latestCreatedAt: 2 ** 31 - 2 });
    // "Without a limit", and milliseconds.
    for (const none of [2 ** 31 - 1, 2 ** 32 - 1, NOW * 1_000, 0, -900]) expect(both(none)).toStrictEqual({});
  });

  it('reads no limit that the object only inherited', () => {
    expect(readRelayLimits(Object.create({ max_limit: 1 }))).toStrictEqual({});
    expect(readRelayLimits(JSON.parse('{"__proto__":{"max_limit":1}}'))).toStrictEqual({});
  });

  it('gives whole numbers from 1, a difficulty that can be reached, and flags, whatever comes', () => {
    const names = ['max_message_length', 'max_subscriptions', 'max_limit', 'min_pow_difficulty', 'auth_required'];
    const times = ['created_at_lower_limit', 'created_at_upper_limit'];
    const value = fc.oneof(fc.jsonValue(), fc.integer(), fc.double(), fc.maxSafeInteger().map(String), fc.boolean());
    let read = 0;
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names, ...times), value, { noNullPrototype: true }),
        (limitation) => {
          for (const [name, limit] of Object.entries(readRelayLimits(limitation))) {
            read++;
            if (typeof limit === 'boolean') expect(name).toBe('authRequired');
            else {
              expect(limit).toSatisfy(Number.isSafeInteger);
              expect(limit).toBeGreaterThanOrEqual(name === 'minPowDifficulty' ? 0 : 1);
              if (name === 'minPowDifficulty') expect(limit).toBeLessThanOrEqual(256);
            }
          }
        },
      ),
      { numRuns: 1_000 },
    );
    expect(read).toBeGreaterThan(0);
  });
});

describe('createdAtBounds', () => {
  it.each<[RelayLimits, ReturnType<typeof createdAtBounds>]>([
    [{}, {}],
    [{ createdAtLowerLimit: 60 }, { since: NOW - 60 }],
    [{ createdAtUpperLimit: 900 }, { until: NOW + 900 }],
    [{ earliestCreatedAt: 1_577_836_800 }, { since: 1_577_836_800 }],
    [{ latestCreatedAt: NOW + 900 }, { until: NOW + 900 }],
    [
      { earliestCreatedAt: NOW, latestCreatedAt: NOW },
      { since: NOW, until: NOW },
    ],
    // They would refuse what is dated now.
    [{ earliestCreatedAt: NOW + 1 }, {}],
    [{ latestCreatedAt: NOW - 1 }, {}],
  ])('of %j are %j', (limits, bounds) => expect(createdAtBounds(limits, NOW)).toStrictEqual(bounds));
});
