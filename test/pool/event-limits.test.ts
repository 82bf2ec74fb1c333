import { describe, expect, it } from 'vitest';
import type { PublishReport } from '../../src/pool/publish-report.ts';
import { testKey, testSigner, type VirtualRelay } from '../../src/testing/index.ts';
import { documents, limiting } from '../support/documents.ts';
import { hear, world, type World } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const outcome = (reports: readonly PublishReport[]) => Object.values(reports.at(-1)?.outcomes ?? {})[0];
const events = (relay: VirtualRelay): number => relay.received.filter(({ message }) => message.type === 'EVENT').length;

const cases: readonly [limit: string, value: number, prefix: string, message: string, Parameters<World['note']>[1]?][] =
  [
    ['max_event_tags', 1, 'invalid', 'this relay takes at most 1 tags, the event has 2', { tags: [['a'], ['b']] }],
    ['max_content_length', 8, 'invalid', 'this relay takes at most 8 characters of content, the event has 9'],
    ['max_message_length', 200, 'invalid', 'this relay takes messages of at most 200 bytes, the event makes one of'],
    ['created_at_lower_limit', 60, 'invalid', 'this relay takes no event from before', { age: 90 }],
    ['created_at_upper_limit', 60, 'invalid', 'this relay takes no event from after', { age: -90 }],
    ['min_pow_difficulty', 60, 'pow', 'this relay takes a difficulty of at least 60, the event has'],
  ];

describe('an event that a limit forbids', () => {
  it.each(cases)('%s: is rejected before it is sent, once the document is there', async (limit, value, ...expected) => {
    const [prefix, message, options] = expected;
    const { fetch } = documents(() => limiting({ [limit]: value }));
    const { pool, relay, time, note } = world({ pool: { information: { fetch } } });
    // Before, it is for the relay to say.
    const early = hear(pool.publish(note('too early', options)));
    await time.advance(SECOND);
    expect(outcome(early.values)).toMatchObject({ status: 'accepted' });
    expect(events(relay)).toBe(1);

    const reports = hear(pool.publish(note('forbidden', options)));
    // No time passes.
    expect(reports.completed).toBe(true);
    expect(reports.values.map(({ pending }) => pending)).toEqual([1, 0]);
    expect(outcome(reports.values)).toMatchObject({
      status: 'rejected',
      isUnsent: true,
      reason: { prefix, message: expect.stringContaining(message) },
    });
    const allowed = hear(pool.publish(note('1')));
    await time.advance(MINUTE);
    expect(events(relay)).toBe(limit === 'min_pow_difficulty' || limit === 'max_message_length' ? 1 : 2);
    expect(allowed.completed).toBe(true);
    pool.close();
  });

  it('is rejected when the document comes while it waits, and then the relay was asked if it was', async () => {
    let give = (_: Response): void => undefined;
    const { fetch } = documents(() => new Promise((resolve) => (give = resolve)));
    const { pool, relay, time, note } = world({
      relays: [{ faults: { rejectedWith: 'rate-limited: slow down' } }],
      pool: { information: { fetch } },
    });
    const sent = hear(pool.publish(note('a long one'), { deadline: MINUTE }));
    await time.advance(300);
    expect(events(relay)).toBe(1);
    const waiting = hear(pool.publish(note('another long one'), { deadline: MINUTE }));
    give(limiting({ max_content_length: 5 }));
    await time.advance(MINUTE);
    expect(outcome(sent.values)).toEqual({
      status: 'rejected',
      reason: expect.objectContaining({ prefix: 'invalid' }),
    });
    expect(outcome(waiting.values)).toMatchObject({
      status: 'rejected',
      reason: { prefix: 'invalid' },
      isUnsent: true,
    });
    expect(events(relay)).toBe(1);
    pool.close();
  });

  it('is rejected at once by what is known of a relay that is down', async () => {
    const { fetch } = documents(() => limiting({ max_content_length: 1 }));
    const { pool, relay, time, note } = world({ pool: { information: { fetch } } });
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    relay.stop();
    await time.advance(SECOND);
    const reports = hear(pool.publish(note('long')));
    expect(reports.completed).toBe(true);
    expect(outcome(reports.values)).toMatchObject({ status: 'rejected', isUnsent: true });
    pool.close();
  });

  it('goes to the other relays', async () => {
    const { fetch, asked } = documents(() => (asked.length === 1 ? limiting({ max_content_length: 1 }) : limiting({})));
    const { pool, relays, time, note } = world({ relays: 2, pool: { information: { fetch } } });
    hear(pool.request({ kinds: [1] }));
    await time.advance(SECOND);
    const reports = hear(pool.publish(note('long')));
    await time.advance(SECOND);
    expect(Object.values(reports.values.at(-1)?.outcomes ?? {}).map(({ status }) => status)).toEqual([
      'rejected',
      'accepted',
    ]);
    expect(relays.map(events)).toEqual([0, 1]);
    pool.close();
  });
});

describe('a relay that requires authentication', () => {
  const scene = async (pool: NonNullable<Parameters<typeof world>[0]>['pool'] = {}) => {
    const { fetch } = documents(() => limiting({ auth_required: true }));
    const made = world({ relays: [{ auth: { read: true, write: true } }], pool: { information: { fetch }, ...pool } });
    hear(made.pool.request({ kinds: [1] }));
    await made.time.advance(SECOND);
    return made;
  };

  it('is sent nothing without a signer', async () => {
    const { pool, relay, note } = await scene();
    const reports = hear(pool.publish(note('a')));
    expect(outcome(reports.values)).toMatchObject({
      status: 'rejected',
      isUnsent: true,
      reason: { prefix: 'auth-required' },
    });
    expect(events(relay)).toBe(0);
    pool.close();
  });

  it('gets the event after an AUTH', async () => {
    const { pool, relay, time, note } = await scene({ signer: testSigner(testKey(1)) });
    const reports = hear(pool.publish(note('a')));
    await time.advance(SECOND);
    expect(outcome(reports.values)).toMatchObject({ status: 'accepted' });
    expect(relay.connections[0]?.pubkeys).toEqual([testKey(1).publicKey]);
    pool.close();
  });
});
