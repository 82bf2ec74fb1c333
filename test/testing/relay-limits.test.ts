import { describe, expect, it } from 'vitest';
import { fakeEvent, RelayCore, VirtualTime, type RelayOptions } from '../../src/testing/index.ts';
import { memoryClient, type MemoryClient } from './support/memory-client.ts';

const now = Date.UTC(2026, 0, 1) / 1000;

function setUp(options: RelayOptions): { relay: RelayCore; client: MemoryClient } {
  const relay = new RelayCore({ verify: false, scheduler: new VirtualTime(), ...options });
  return { relay, client: memoryClient(relay) };
}
const invalid = expect.stringMatching(/^invalid: /) as unknown;
const publish = (options: RelayOptions, event: ReturnType<typeof fakeEvent>): readonly unknown[] => {
  const { client } = setUp(options);
  client.send(['EVENT', event]);
  return client.next()[0]?.slice(2) ?? [];
};

describe('limits', () => {
  it('max_message_length: counts bytes of UTF-8, answers by NOTICE, and reads on', () => {
    // Three bytes a character at first, so that a guess from the number of characters is far off.
    const id = `${'€'.repeat(60)}é😀`;
    const frame = `["REQ","${id}",{}]`;
    const bytes = Buffer.byteLength(frame);
    const { relay, client } = setUp({ limits: { max_message_length: bytes } });
    client.send(frame);
    expect(client.next()).toEqual([['EOSE', id, ['finish']]]);
    relay.limits.max_message_length = bytes - 1;
    client.send(frame);
    expect(client.next()).toEqual([['NOTICE', `invalid: the message is longer than ${bytes - 1} bytes`]]);
    expect(relay.received.at(-1)?.message.type).toBe('MALFORMED');
    client.send('["REQ","a",{}]');
    expect(client.next()).toEqual([['EOSE', 'a', ['finish']]]);
  });

  describe('max_subscriptions', () => {
    it.for([
      ['closed', [['CLOSED', 'c', 'rate-limited: too many open subscriptions']]],
      ['notice', [['NOTICE', 'rate-limited: too many open subscriptions']]],
      ['eose', [['EOSE', 'c']]],
      ['silence', []],
    ] as const)('answers the excess by %s', ([excessSubscriptions, answer]) => {
      const { relay, client } = setUp({ limits: { max_subscriptions: 2 }, excessSubscriptions });
      client.send(['REQ', 'a', {}], ['REQ', 'b', {}]);
      client.next();
      client.send(['REQ', 'c', {}]);
      expect(client.next()).toEqual(answer);
      expect(client.session.subscriptionIds).toEqual(['a', 'b']);
      relay.add(fakeEvent());
      expect(client.next().map((frame) => frame[1])).toEqual(['a', 'b']);
    });

    it('lets one be replaced, frees the place on CLOSE, and counts each connection apart', () => {
      const { relay, client } = setUp({ limits: { max_subscriptions: 1 } });
      client.send(['REQ', 'a', {}], ['REQ', 'a', {}], ['CLOSE', 'a'], ['REQ', 'b', {}]);
      expect(client.next().map((frame) => frame[0])).toEqual(['EOSE', 'EOSE', 'EOSE']);
      const other = memoryClient(relay);
      other.send(['REQ', 'a', {}]);
      expect(other.next().map((frame) => frame[0])).toEqual(['EOSE']);
    });
  });

  it('max_filters', () => {
    const { client } = setUp({ limits: { max_filters: 2 } });
    client.send(['REQ', 'a', {}, {}], ['REQ', 'b', {}, {}, {}], ['COUNT', 'c', {}, {}, {}]);
    expect(client.next()).toEqual([
      ['EOSE', 'a', ['finish']],
      ['CLOSED', 'b', invalid],
      ['CLOSED', 'c', invalid],
    ]);
  });

  it('max_subid_length', () => {
    const { client } = setUp({ limits: { max_subid_length: 3 } });
    client.send(['REQ', 'abc', {}], ['REQ', 'abcd', {}], ['NEG-OPEN', 'abcd', {}, '61']);
    expect(client.next()).toEqual([
      ['EOSE', 'abc', ['finish']],
      ['CLOSED', 'abcd', invalid],
      ['NEG-ERR', 'abcd', invalid],
    ]);
  });

  it('max_limit and default_limit, filter by filter', () => {
    const { relay, client } = setUp({ limits: { max_limit: 4, default_limit: 2 } });
    relay.seed(Array.from({ length: 6 }, (_, n) => fakeEvent({ created_at: n, kind: n % 2 === 0 ? 1 : 7 })));
    const times = (...filters: object[]): unknown[] => {
      client.send(['REQ', 'a', ...filters]);
      return client
        .next()
        .flatMap((frame) => (frame[0] === 'EVENT' ? [(frame[2] as { created_at: number }).created_at] : []));
    };
    expect(times({})).toEqual([5, 4]);
    expect(times({ limit: 3 })).toEqual([5, 4, 3]);
    expect(times({ limit: 100 })).toEqual([5, 4, 3, 2]);
    expect(times({ kinds: [1], limit: 100 }, { kinds: [7], limit: 100 })).toEqual([5, 4, 3, 2, 1, 0]);
  });

  it('max_event_tags', () => {
    const limits = { max_event_tags: 2 };
    expect(publish({ limits }, fakeEvent({ tags: [['a'], ['b']] }))).toEqual([true, '']);
    expect(publish({ limits }, fakeEvent({ tags: [['a'], ['b'], ['c']] }))).toEqual([false, invalid]);
  });

  it('max_content_length, in characters', () => {
    const limits = { max_content_length: 3 };
    expect(publish({ limits }, fakeEvent({ content: '😀é€' }))).toEqual([true, '']);
    expect(publish({ limits }, fakeEvent({ content: '😀é€.' }))).toEqual([false, invalid]);
  });

  it('min_pow_difficulty, in leading zero bits of the id', () => {
    const limits = { min_pow_difficulty: 10 };
    expect(publish({ limits }, fakeEvent({ id: '003f' + 'f'.repeat(60) }))).toEqual([true, '']);
    expect(publish({ limits }, fakeEvent({ id: '007f' + 'f'.repeat(60) }))).toEqual([
      false,
      'pow: difficulty 9 is less than 10',
    ]);
  });

  it('created_at_lower_limit and created_at_upper_limit, by the clock of the relay', () => {
    const limits = { created_at_lower_limit: 100, created_at_upper_limit: 10 };
    expect(publish({ limits }, fakeEvent({ created_at: now - 100 }))).toEqual([true, '']);
    expect(publish({ limits }, fakeEvent({ created_at: now - 101 }))).toEqual([false, invalid]);
    expect(publish({ limits }, fakeEvent({ created_at: now + 10 }))).toEqual([true, '']);
    expect(publish({ limits }, fakeEvent({ created_at: now + 11 }))).toEqual([false, invalid]);
  });

  it('none of them applies by itself', () => {
    const event = fakeEvent({
      created_at: 0,
      content: 'x'.repeat(100_000),
      tags: Array.from({ length: 3_000 }, () => ['t']),
    });
    expect(publish({}, event)).toEqual([true, '']);
  });
});
