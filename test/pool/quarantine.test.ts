import { describe, expect, it } from 'vitest';
import { statusOf } from '../support/status-of.ts';
import { hear, world } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe('a relay that is over its budget', () => {
  it('is left alone for a minute, then for ten, and relays$ says until when and why', async () => {
    const { pool, relay, time } = world({ pool: { budgets: { unasked: { burst: 10, perSecond: 1 } } } });
    hear(pool.subscribe({ kinds: [1] }));
    for (const minutes of [1, 10]) {
      await time.advance(SECOND);
      expect(statusOf(pool, relay)).toMatchObject({ state: 'connected' });
      expect(statusOf(pool, relay)).not.toHaveProperty('quarantinedUntil');
      relay.flood({ kind: 'notice', count: 30 });
      const at = time.now();
      await time.advance(SECOND);
      const { quarantinedUntil = 0, error, retryAt = 0 } = statusOf(pool, relay);
      expect(Math.round((quarantinedUntil - at) / MINUTE)).toBe(minutes);
      expect(retryAt).toBeGreaterThanOrEqual(quarantinedUntil);
      expect(error).toMatchObject({ code: 'abusive' });
      expect(error?.message).toContain('too many messages that nobody asked for');
      await time.advance(quarantinedUntil - time.now() - 1);
      pool.revive();
      expect(statusOf(pool, relay).state).toBe('disconnected');
      await time.advance(10 * SECOND);
    }
    pool.close();
  });

  it('is left alone on its other connections, too', async () => {
    const { pool, relay, time } = world({
      pool: { connections: { minimum: 2, maximum: 2 }, budgets: { unasked: { burst: 10, perSecond: 1 } }, alone: true },
    });
    for (let count = 0; count < 4; count++) hear(pool.subscribe({ kinds: [1] }));
    await time.advance(5 * SECOND);
    expect(statusOf(pool, relay).connections).toBe(2);
    const [connection] = relay.connections;
    for (let count = 0; count < 20; count++) connection?.send('["NOTICE","hello"]');
    await time.advance(10 * SECOND);
    expect(statusOf(pool, relay)).toMatchObject({ connections: 0, error: { code: 'abusive' } });
    await time.advance(MINUTE);
    expect(statusOf(pool, relay).connections).toBe(2); // it was one offence
    pool.close();
  });

  it('can be told what it may send', () => {
    expect(() => world({ pool: { budgets: { bytes: { burst: 0, perSecond: 1 } } } })).toThrow(/budgets: 'bytes'/);
  });
});
