import { describe, expect, it } from 'vitest';
import { acceptedByRelay, isRetryable, parseReason, type ReasonPrefix } from '../../src/protocol/reason.ts';

describe('parseReason', () => {
  it.each<[raw: string, prefix: ReasonPrefix, message: string]>([
    // the standard words
    ['duplicate: already have this event', 'duplicate', 'already have this event'],
    ['pow: 26 bits needed', 'pow', '26 bits needed'],
    ['blocked: you are banned', 'blocked', 'you are banned'],
    ['rate-limited: slow down', 'rate-limited', 'slow down'],
    ['invalid: created_at too far off', 'invalid', 'created_at too far off'],
    ['restricted: members only', 'restricted', 'members only'],
    ['mute: nobody listens', 'mute', 'nobody listens'],
    ['error: could not connect to the database', 'error', 'could not connect to the database'],
    ['auth-required: we only serve members', 'auth-required', 'we only serve members'],
    ['unsupported: search', 'unsupported', 'search'],
    ['info: bye', 'info', 'bye'],
    ['closed: too old', 'closed', 'too old'],
    // seen besides
    ['replaced: have newer event', 'replaced', 'have newer event'],
    ['reject: not on the list', 'blocked', 'not on the list'],
    ['rejected: not on the list', 'blocked', 'not on the list'],
    ['duplicate:', 'duplicate', ''],
    ['duplicate', 'duplicate', ''],
    [' duplicate : x', 'unknown', 'duplicate : x'],
    ['no prefix at all', 'unknown', 'no prefix at all'],
    ['', 'unknown', ''],
    [':', 'unknown', ':'],
    [': blocked', 'unknown', ': blocked'],
    // a leading error gives way to the word behind it
    ['ERROR: blocked: spam', 'blocked', 'spam'],
    ['error: auth-required: please', 'auth-required', 'please'],
    ['Error:rate-limited:slow', 'rate-limited', 'slow'],
    ['ERROR: duplicate:', 'duplicate', ''],
    ['ERROR: rejected: no', 'blocked', 'no'],
    ['ERROR: error: pow: 20', 'pow', '20'],
    ['ERROR: bad req: uneven size input to from_hex', 'error', 'bad req: uneven size input to from_hex'],
    ['error:', 'error', ''],
    ['error: error: disk full', 'error', 'disk full'],
    // other oddities of spelling
    ['Blocked: Spam', 'blocked', 'Spam'],
    ['blocked:spam', 'blocked', 'spam'],
    ['  blocked:   spam  ', 'blocked', 'spam'],
    ['blocked: see: https://relay.example', 'blocked', 'see: https://relay.example'],
    ['we have blocked: you', 'unknown', 'we have blocked: you'],
    ['blocked by the owner', 'unknown', 'blocked by the owner'],
    ['errors: many', 'unknown', 'errors: many'],
    ['https://relay.example', 'unknown', 'https://relay.example'],
    ['unknown: x', 'unknown', 'unknown: x'],
    ['constructor: x', 'unknown', 'constructor: x'],
    ['__proto__: x', 'unknown', '__proto__: x'],
    ['blocked:\nline', 'blocked', 'line'],
  ])('%j', (raw, prefix, message) => {
    expect(parseReason(raw)).toEqual({ prefix, message, raw });
  });

  it.each([
    ['spaces', `error${' '.repeat(200_000)}x`],
    ['letters', 'a'.repeat(200_000)],
    ['errors', 'error:'.repeat(50_000)],
  ])('takes linear time on a flood of %s', (_, raw) => {
    const start = performance.now();
    parseReason(raw);
    // Quadratic, this would take minutes.
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe('isRetryable', () => {
  it.each<[ReasonPrefix, 'backoff' | 'after-auth' | 'never']>([
    ['rate-limited', 'backoff'],
    ['error', 'backoff'],
    ['auth-required', 'after-auth'],
    ['duplicate', 'never'],
    ['invalid', 'never'],
    ['blocked', 'never'],
    ['restricted', 'never'],
    ['pow', 'never'],
    ['mute', 'never'],
    ['unsupported', 'never'],
    ['info', 'never'],
    ['closed', 'never'],
    ['replaced', 'never'],
    ['unknown', 'never'],
  ])('%s: %s', (prefix, expected) => {
    expect(isRetryable(parseReason(`${prefix}: text`))).toBe(expected);
  });
});

describe('acceptedByRelay', () => {
  it.each<[boolean, string, boolean]>([
    [true, '', true],
    [true, 'pow: difficulty 25 is enough', true],
    [true, 'duplicate: have it', true],
    [false, 'duplicate: have it', true],
    [false, 'duplicate:', true],
    [false, 'ERROR: duplicate: have it', true],
    [false, 'replaced: have newer event', false],
    [false, 'pow: 20 bits needed', false],
    [false, 'mute: nobody listens', false],
    [false, '', false],
  ])('%s with %j: %s', (ok, raw, expected) => {
    expect(acceptedByRelay(ok, parseReason(raw))).toBe(expected);
  });
});
