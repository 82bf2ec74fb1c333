import { describe, expect, it } from 'vitest';
import { RelayHealth } from '../../src/pool/health.ts';
import { RelayError } from '../../src/protocol/relay-error.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { VirtualTime } from '../../src/testing/index.ts';

const SECOND = 1_000;

describe('RelayHealth', () => {
  const aHealth = (options = {}) => {
    const time = new VirtualTime();
    return { time, health: new RelayHealth({ scheduler: time, load: { maximum: 8, threshold: SECOND }, ...options }) };
  };

  it('judges the load by answers alone, not by how long a dial or a first event took', async () => {
    const { time, health } = aHealth();
    for (let i = 0; i < 20; i++) {
      health.took('connect', 9 * SECOND);
      health.took('firstEvent', 9 * SECOND);
      health.took('eose', 100);
      await time.advance(SECOND);
    }
    expect(health).toMatchObject({ isReduced: false, weight: 1 });
    for (let i = 0; i < 3; i++) {
      health.took('ok', 9 * SECOND);
      await time.advance(SECOND);
    }
    expect(health).toMatchObject({ isReduced: true, weight: 0.5 });
    expect(health.bulkhead.permits).toBe(4);
  });

  it('does not judge it by a few answers', async () => {
    const { time, health } = aHealth();
    for (let i = 0; i < 4; i++) {
      health.took('eose', 9 * SECOND);
      await time.advance(SECOND);
    }
    expect(health.isReduced).toBe(false);
  });

  it('forgets trouble and success slowly, and knows when it last went well', () => {
    const { time, health } = aHealth();
    expect(health).toMatchObject({ reliability: 1, lastSuccess: undefined, latency: undefined });
    health.failed('dials');
    expect(health.reliability).toBeCloseTo(0.95);
    health.succeeded('calls');
    expect(health.reliability).toBeCloseTo(0.9525);
    expect(health.lastSuccess).toBe(time.now());
    expect([health.counts('dials'), health.counts('calls')]).toEqual([
      { tried: 1, failed: 1 },
      { tried: 1, failed: 0 },
    ]);
  });

  it('forgives in minutes for choosing, while it is asked nothing, and keeps in mind what it was', async () => {
    const { time, health } = aHealth();
    for (let n = 0; n < 10; n++) health.failed('calls');
    const { reliability } = health;
    expect(health.standing).toBe(reliability);
    await time.advance(30_000);
    expect(health.standing).toBeCloseTo(1 - (1 - reliability) / 2);
    // From there on, and not from where it was before.
    const before = health.standing;
    health.succeeded('calls');
    expect(health.standing).toBeCloseTo(before + 0.05 * (1 - before));
    await time.advance(210_000);
    expect(health.standing).toBe(1);
    expect(health.reliability).toBeCloseTo(reliability + 0.05 * (1 - reliability));
    health.failed('calls');
    expect(health.standing).toBeCloseTo(0.95);
  });

  it('knows what is usual from twenty readings on, and looks it up anew after a second', async () => {
    const { time, health } = aHealth();
    for (let i = 1; i <= 19; i++) health.took('ok', i);
    expect(health.usual('ok')).toBeUndefined();
    health.took('ok', 20);
    expect(health.usual('ok')).toBeCloseTo(19, 0);
    for (let i = 0; i < 80; i++) health.took('ok', 500);
    expect(health.usual('ok')).toBeCloseTo(19, 0);
    expect(health.usual('eose')).toBeUndefined();
    await time.advance(SECOND);
    expect(health.usual('ok')).toBeCloseTo(500, -1);
    await time.advance(2 * 60 * SECOND);
    expect(health.usual('ok')).toBeUndefined();
  });

  it('takes the same trouble for news once', () => {
    const { health } = aHealth();
    const [one, other] = ['one', 'other'].map(
      (text) => new RelayError('connection-lost', relayUrl('wss://relay.test'), text),
    ) as [RelayError, RelayError];
    expect([one, one, other, one].map((error) => health.isNews(error))).toEqual([true, false, true, false]);
  });

  it('goes by the latency that it remembers until it has measured one', () => {
    const time = new VirtualTime();
    const memory = { at: 0, circuit: { openings: 0 }, attempts: 0, reliability: 0.5, latency: 300 };
    const health = new RelayHealth({ scheduler: time }, memory);
    expect(health).toMatchObject({ reliability: 0.5, latency: 300 });
    health.took('connect', 10);
    expect(health.latency).toBe(300);
    health.took('ok', 40);
    expect(health.latency).toBeCloseTo(40, 0);
  });
});
