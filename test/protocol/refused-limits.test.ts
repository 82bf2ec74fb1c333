import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LearntLimit, learnLimit } from '../../src/protocol/refused-limits.ts';

type Limit = LearntLimit['limit'];

// Sentences of strfry, nostream, nostr-rs-relay, khatru, rnostr, chorus, grain and others, as they send them.
const SEEN: Readonly<Record<Limit, readonly (readonly [text: string, value?: number])[]>> = {
  maxSubscriptions: [
    ['ERROR: too many concurrent REQs'],
    ['too many concurrent REQs'],
    ['rate-limited: too many concurrent REQs'],
    ['too many subscriptions'],
    ['Too many subscriptions'],
    ['error: too many subscriptions'],
    ['blocked: too many subscriptions'],
    ['rate-limited: too many open subscriptions'],
    ['rate-limited: too many open subscriptions (max 20)', 20],
    ['Maximum concurrent subscription count reached'],
    ['error: Maximum concurrent subscription count reached'],
    ['Subscription error: Maximum concurrent subscription count reached'],
    ['rejected: Too many subscriptions: Number of subscriptions must be less than or equal to 10', 10],
    ['Subscription rejected: Too many subscriptions: Number of subscriptions must be less than or equal to 10', 10],
    ['Number of subscriptions exceeds limit'],
    ['number of subscriptions exceeds limit of 32', 32],
    ['Max subscriptions reached'],
    ['closed: subscription limit reached, max 15.', 15],
    ['error: too many subscriptions on this connection - limit is 8', 8],
  ],
  maxFilters: [
    ['too many filters'],
    ['Subscription error: Too many filters'],
    ['blocked: too many filters (max 10)', 10],
    ['error: too many filters in REQ'],
    ['Too many filters: Number of filters per subscription must be less than or equal to 10', 10],
    [
      'Subscription rejected: Too many filters: Number of filters per susbscription must be less then or equal to 10',
      10,
    ],
    ['Too many filters: Number of filters per count query must be less than or equal to 5', 5],
    ['invalid: number of filters exceeds 12', 12],
    ['maximum filters exceeded'],
    ['ERROR: bad req: arr too big'],
  ],
  maxMessageLength: [
    ['message too large'],
    ['invalid: message too large'],
    ['message too large (284303 > 262144)', 262_144],
    ['max message length of 131072 exceeded', 131_072],
    ['event too large: 70000'],
    ['invalid: event too large: 70000'],
    ['Event too large'],
    ['invalid: event too large, max 65536 bytes', 65_536],
    ['event exceeded max size'],
    ['payload reached size limit.'],
    ['Global event size limit exceeded'],
    ['message too large, max 64 KB'],
    ['message too large, max 128KiB'],
    ['message too large, max 65,536 bytes'],
    ['message too large, max 64'],
    ['message too large, max 99999999999'],
    ['message is too long: 140000 bytes, limit is 131072', 131_072],
  ],
  maxLimit: [
    ['filter limit too high'],
    ['blocked: filter limit too high (max 500)', 500],
    ['Filter limit too high: maximum 5000', 5_000],
    ['limit too large, max 500', 500],
    ['Limit too high: Filter limit must be less than or equal to 500', 500],
    ['Subscription rejected: Limit too high: Filter limit must be less than or equal to 5000', 5_000],
    ['filter limit must be less than 500'],
    ['error: requested limit exceeds the maximum of 500', 500],
    ['filter limit exceeds maximum of 1000', 1_000],
  ],
  maxContentLength: [
    ['content too long'],
    ['invalid: content too long'],
    ['invalid: content too large'],
    ['invalid: content too long (70000 chars, max 65536)', 65_536],
    ['invalid: content too long, restricted to 64KB'],
    ['invalid: content too long, max 64KB'],
    ['invalid: content too long, max 64 kilobytes'],
    ['invalid: content too long, max 1.5 MB'],
    ['invalid: content too long, max 65,536'],
    ['invalid: content exceeds max_content_length'],
    ['rejected: content is longer than 8196 bytes', 8_196],
    ['content length exceeds 65536', 65_536],
    ['max content length of 8196 exceeded', 8_196],
  ],
  maxEventTags: [
    ['invalid: too many tags'],
    ['invalid: too many tags: 2001'],
    ['invalid: too many tags, max 100', 100],
    ['event has too many tags (max 2000)', 2_000],
    ['too many tags in event'],
    ['number of tags exceeds 100', 100],
    ['invalid: maximum event tags exceeded'],
  ],
  minPowDifficulty: [
    ['pow: difficulty 25 is less than 30', 30],
    ['pow: difficulty 20<24', 24],
    ['pow: 28 bits needed. (2)', 28],
    ['pow: 28 bits needed. (12)', 28],
    ['difficulty 10 is too low, 20 required', 20],
    ['pow: required difficulty 20', 20],
    ['pow: difficulty 20 required', 20],
    ['pow: insufficient proof-of-work (difficulty 20)'],
    ['pow: insufficient proof of work (difficulty 5, required 20)', 20],
    ['pow: insufficient pow, got 5, needed 20', 20],
    ['pow: insufficient pow, got 5 needed 20'],
    ['pow: insufficient leading-zero bits'],
    ['pow: insufficient difficulty'],
    ['pow: 20 bits required, 5 provided', 20],
    ['pow: difficulty 5 is less than 0'],
    ['pow: difficulty 5 is less than 257'],
    ['pow: difficulty 5 is less than 256', 256],
    ['pow: minimum difficulty is 16', 16],
    ['restricted: proof of work required'],
  ],
  maxSubscriptionIdLength: [
    ['subscription id too long'],
    ['ERROR: bad req: subscription id too long'],
    ['invalid: subscription id too long'],
    ['Subscription ID too long (max 64 chars)', 64],
    ['Subscription rejected: Subscription ID too long: Subscription ID must be less or equal to 256', 256],
    ['Subscription identifier max length exceeded'],
    ['Subscription id should be non-empty string of max length 64 chars', 64],
    ['invalid: subscription ID must be between 1 and 64 characters long', 64],
  ],
};

describe('learnLimit', () => {
  const all = Object.entries(SEEN).flatMap(([limit, texts]) => texts.map(([text, value]) => ({ limit, text, value })));

  it.each(all)('hears $limit in "$text": $value', ({ limit, text, value }) => {
    const learnt = value === undefined ? { limit } : { limit, value };
    expect(learnLimit(text)).toStrictEqual(learnt);
    expect(learnLimit(` ${text.toUpperCase()}\n`)).toStrictEqual(learnt);
  });

  it.each([
    '',
    ' ',
    ':',
    'error:',
    'pow:',
    'blocked: you are banned',
    'error: could not connect to the database',
    'restricted: only members',
    'auth-required: requested filter requires authentication',
    'duplicate: already have this event',
    'invalid: event signature verification failed',
    'rejected: created_at is more than 900 seconds in the future',
    'blocked: event kind 4 not allowed',
    'shutting down',
    'could not parse command',
    // Rates, and what is counted for an address or an account.
    'rate-limited: slow down',
    'rate-limited: too many requests',
    'rate-limited: too many REQs',
    'Rate limit exceeded.',
    'REQ rate limit exceeded',
    'limit exceeded',
    'too many subscriptions per minute',
    'too many subscriptions, at most 20 per minute',
    'too many filters (max 20/min)',
    'too many subscriptions from your address',
    'too many subscriptions (max 5 per IP)',
    'error: too many subscriptions today',
    // Other things that are too many, too long or too large.
    'ERROR: bad req: too many tags in filter',
    'ERROR: bad req: too many kinds in filter: 40',
    'ERROR: bad req: total filter items too large',
    'ERROR: bad req: filter item too large',
    'ERROR: too many concurrent NEG requests',
    'blocked: too many query results',
    'invalid: tag val too large: 1200',
    'too many indexable tags',
    'event contains too large tags',
    'too many things to filter for',
    'too many errors',
    'Event size limit exceeded for kind',
    'pow: pubkey difficulty 3<8',
    'pow: difficulty of the pubkey 3<8',
    // Not a refusal, or no word of how much.
    'pow: difficulty 25>=24',
    'pow: difficulty 26 >= 24 required',
    'pow: nonce tag does not commit to a target',
    // Not at the beginning: somebody tells a story.
    'blocked: you are banned because you sent too many filters',
    'we close connections with too many subscriptions',
    'spam: too many filters',
  ])('hears none in "%s"', (text) => expect(learnLimit(text)).toBeUndefined());

  it('reads no further than 500 characters', () => {
    const sentence = 'too many filters: at most ';
    const long = `${sentence.padEnd(498)}10`;
    expect(learnLimit(`${sentence}10`)).toEqual({ limit: 'maxFilters', value: 10 });
    expect(learnLimit(`${' '.repeat(483)}too many filters`)).toEqual({ limit: 'maxFilters' });
    expect(learnLimit(`${' '.repeat(485)}too many filters`)).toBeUndefined();
    expect(learnLimit(`${long} per minute`)).toEqual({ limit: 'maxFilters' });
  });

  it('leaves the number out where there are two', () => {
    expect(learnLimit('too many filters, max 10, limit 20')).toEqual({ limit: 'maxFilters' });
    expect(learnLimit('too many filters, max 10, limit 10')).toEqual({ limit: 'maxFilters', value: 10 });
    expect(learnLimit('too many filters, less than 10')).toEqual({ limit: 'maxFilters' });
    expect(learnLimit('too many filters: limit exceeded by 5')).toEqual({ limit: 'maxFilters' });
  });

  it('hears none in plain sentences', () => {
    const words =
      'the relay is your event filter subscription message content limit tags pow difficulty and or not was in a of for to allowed accepted closed member only paid kind list 1 20 500'.split(
        ' ',
      );
    const head = fc.constantFrom('', 'error: ', 'blocked: ', 'ERROR: bad req: ', 'restricted: ', 'invalid: ', 'pow: ');
    const sentence = fc.tuple(head, fc.array(fc.constantFrom(...words), { maxLength: 15 }));
    fc.assert(
      fc.property(sentence, ([before, rest]) => {
        expect(learnLimit(before + rest.join(' '))).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it('never throws, and names no number but one that makes sense', () => {
    const pieces = fc.constantFrom(
      ...Object.values(SEEN).flatMap((texts) => texts.flatMap(([text]) => text.split(/(?<=[ :,(<>])/))),
    );
    const number = fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.constantFrom(0, 1, 64, 256)).map((n) => ` ${n} `);
    const sentence = fc.constantFrom(...all.map(({ text }) => text));
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.oneof(pieces, number, fc.string()), { maxLength: 30 }).map((parts) => parts.join('')),
      fc.tuple(sentence, number).map(([before, n]) => before.replace(/\d+/g, n)),
      fc
        .tuple(sentence, fc.constantFrom(' max', ' limit is', ' at least', ' <'), number)
        .map((parts) => parts.join('')),
    );
    let learnt = 0;
    fc.assert(
      fc.property(text, (said) => {
        const { value } = learnLimit(said) ?? {};
        if (value === undefined) return;
        learnt++;
        expect(value).toSatisfy(Number.isSafeInteger);
        expect(value).toBeGreaterThan(0);
        expect(value).toBeLessThan(2 ** 31);
      }),
      { numRuns: 5_000 },
    );
    expect(learnt).toBeGreaterThan(200);
  });

  it('comes to an end soon, whatever is repeated', () => {
    const pieces = [
      ' ',
      'error: ',
      'too many ',
      'too many open ',
      'event ',
      'the ',
      'limit ',
      'max ',
      '1 ',
      '<',
      '-',
      'pow ',
      '\t',
    ];
    for (const one of pieces) {
      for (const other of pieces) {
        // Hundreds of these in one go: an expression that tries all ways to split them would not be done today.
        for (const begin of ['', 'too many filters', 'pow: difficulty ', 'subscription id must be ']) {
          expect(learnLimit(begin + (one + other).repeat(250) + '!x')?.value).toBeOneOf([undefined, 1]);
        }
      }
    }
  });
});
