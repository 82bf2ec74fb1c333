import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { refusalOf } from '../../src/protocol/event-limits.ts';
import { encodeEvent } from '../../src/protocol/message.ts';
import { isRetryable } from '../../src/protocol/reason.ts';
import type { RelayLimits } from '../../src/protocol/relay-limits.ts';

const NOW = 1_767_225_600;

const eventOf = (part: Partial<NostrEvent> = {}): NostrEvent => ({
  id: 'f'.repeat(64),
  pubkey: 'a'.repeat(64),
  created_at: NOW,
  kind: 1,
  tags: [],
  content: '',
  sig: '0'.repeat(128),
  ...part,
});
const refusal = (part: Partial<NostrEvent>, limits: RelayLimits, canAuthenticate = false): string | undefined =>
  refusalOf(eventOf(part), limits, NOW, canAuthenticate)?.raw;

const tags = (count: number): string[][] => Array.from({ length: count }, () => ['t', 'x']);
const bytes = (part: Partial<NostrEvent>): number => new TextEncoder().encode(encodeEvent(eventOf(part))).length;
/** An id with so many zero bits before the first 1. */
const idOf = (bits: number): string => (2n ** BigInt(255 - bits)).toString(16).padStart(64, '0');

describe('refusalOf', () => {
  it('is none where the relay names no limit', () => {
    expect(refusal({ content: 'x'.repeat(1e6), tags: tags(5_000), created_at: 0 }, {})).toBeUndefined();
  });

  it.each<[string, Partial<NostrEvent>, RelayLimits, string | undefined]>([
    ['99 tags of 100', { tags: tags(99) }, { maxEventTags: 100 }, undefined],
    ['100 tags of 100', { tags: tags(100) }, { maxEventTags: 100 }, undefined],
    [
      '101 tags of 100',
      { tags: tags(101) },
      { maxEventTags: 100 },
      'invalid: this relay takes at most 100 tags, the event has 101',
    ],
    ['9 characters of 10', { content: 'x'.repeat(9) }, { maxContentLength: 10 }, undefined],
    ['10 characters of 10', { content: 'x'.repeat(10) }, { maxContentLength: 10 }, undefined],
    [
      '11 characters of 10',
      { content: 'x'.repeat(11) },
      { maxContentLength: 10 },
      'invalid: this relay takes at most 10 characters of content, the event has 11',
    ],
    ['10 characters of two units each', { content: '😀'.repeat(10) }, { maxContentLength: 10 }, undefined],
    [
      '11 characters of two units each',
      { content: '😀'.repeat(11) },
      { maxContentLength: 10 },
      'invalid: this relay takes at most 10 characters of content, the event has 11',
    ],
    ['10 characters of three bytes each', { content: '€'.repeat(10) }, { maxContentLength: 10 }, undefined],
    ['a created_at just within the lower limit', { created_at: NOW - 60 }, { createdAtLowerLimit: 60 }, undefined],
    [
      'a created_at just before the lower limit',
      { created_at: NOW - 61 },
      { createdAtLowerLimit: 60 },
      `invalid: this relay takes no event from before ${NOW - 60}, the event has a created_at of ${NOW - 61}`,
    ],
    ['a created_at just within the upper limit', { created_at: NOW + 900 }, { createdAtUpperLimit: 900 }, undefined],
    [
      'a created_at just after the upper limit',
      { created_at: NOW + 901 },
      { createdAtUpperLimit: 900 },
      `invalid: this relay takes no event from after ${NOW + 900}, the event has a created_at of ${NOW + 901}`,
    ],
    ['the earliest created_at', { created_at: NOW - 5 }, { earliestCreatedAt: NOW - 5 }, undefined],
    [
      'one before the earliest created_at',
      { created_at: NOW - 6 },
      { earliestCreatedAt: NOW - 5 },
      `invalid: this relay takes no event from before ${NOW - 5}, the event has a created_at of ${NOW - 6}`,
    ],
    ['an earliest created_at that makes no sense', { created_at: NOW }, { earliestCreatedAt: NOW + 5 }, undefined],
    ['a difficulty of 21 for 20', { id: idOf(21) }, { minPowDifficulty: 20 }, undefined],
    ['a difficulty of 20 for 20', { id: idOf(20) }, { minPowDifficulty: 20 }, undefined],
    [
      'a difficulty of 19 for 20',
      { id: idOf(19) },
      { minPowDifficulty: 20 },
      'pow: this relay takes a difficulty of at least 20, the event has 19',
    ],
    ['a difficulty of 0 for 0', { id: idOf(0) }, { minPowDifficulty: 0 }, undefined],
    [
      'a difficulty of 0 for 1',
      { id: idOf(0) },
      { minPowDifficulty: 1 },
      'pow: this relay takes a difficulty of at least 1, the event has 0',
    ],
  ])('of %s', (_, part, limits, expected) => {
    for (const kind of [1, 0, 10_002, 20_001, 30_023]) expect(refusal({ ...part, kind }, limits)).toBe(expected);
  });

  it('of a message that is too long goes by the bytes of the whole EVENT', () => {
    const part = { content: '€"\n😀', tags: [['t', 'é']] };
    const size = bytes(part);
    expect(refusal(part, { maxMessageLength: size + 1 })).toBeUndefined();
    expect(refusal(part, { maxMessageLength: size })).toBeUndefined();
    expect(refusal(part, { maxMessageLength: size - 1 })).toBe(
      `invalid: this relay takes messages of at most ${size - 1} bytes, the event makes one of ${size}`,
    );
  });

  it('of a relay that wants an AUTH depends on whether there can be one', () => {
    expect(refusal({}, { authRequired: true }, false)).toBe(
      'auth-required: this relay takes events after an AUTH only, and there is no signer for one',
    );
    expect(refusal({}, { authRequired: true }, true)).toBeUndefined();
    expect(refusal({}, { authRequired: false }, false)).toBeUndefined();
  });

  it('is none for what one may have paid for, or be allowed', () => {
    expect(refusal({}, { paymentRequired: true, restrictedWrites: true })).toBeUndefined();
  });

  it('does not concern itself with the limits of requests', () => {
    const limits = { maxFilters: 1, maxSubscriptions: 1, maxLimit: 1, defaultLimit: 1, maxSubscriptionIdLength: 1 };
    expect(refusal({ content: 'long', tags: tags(9) }, limits)).toBeUndefined();
  });

  it('names what can never be mended before the work, and the work before the AUTH', () => {
    const limits: RelayLimits = { maxEventTags: 1, createdAtUpperLimit: 10, minPowDifficulty: 8, authRequired: true };
    const prefixes = (part: Partial<NostrEvent>) => refusalOf(eventOf(part), limits, NOW, false)?.prefix;
    expect(prefixes({ tags: tags(2) })).toBe('invalid');
    expect(prefixes({ created_at: NOW + 11 })).toBe('invalid');
    expect(prefixes({})).toBe('pow');
    expect(prefixes({ id: idOf(8) })).toBe('auth-required');
  });

  it('is a reason as if the relay had said it', () => {
    const reason = refusalOf(eventOf({ tags: tags(120) }), { maxEventTags: 100 }, NOW, true);
    expect(reason).toEqual({
      prefix: 'invalid',
      message: 'this relay takes at most 100 tags, the event has 120',
      raw: 'invalid: this relay takes at most 100 tags, the event has 120',
    });
    expect(reason && isRetryable(reason)).toBe('never');
  });
});
