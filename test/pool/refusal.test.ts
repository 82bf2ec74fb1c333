import { describe, expect, it } from 'vitest';
import { CircuitOpenError } from '../../src/operators/circuit-breaker.ts';
import { CircuitBreaker } from '../../src/operators/circuit-breaker-handle.ts';
import { changeSince, restOf } from '../../src/pool/refusal.ts';
import { VirtualTime } from '../../src/testing/index.ts';
import { hear } from '../support/world.ts';

const refusal = (state: 'open' | 'half-open', retryAt = 0): CircuitOpenError =>
  new CircuitOpenError({ granted: false, state, retryAt });

describe('restOf', () => {
  it('is the time until then, and never none: what is rounded away would be asked for for ever', () => {
    expect([500, 100.5, 100, 0].map((retryAt) => restOf(refusal('open', retryAt), 100))).toEqual([400, 1, 1, 1]);
  });
});

describe('changeSince', () => {
  it('tells when an open breaker is probed, and when a half-open one is no more', async () => {
    const time = new VirtualTime();
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, openTime: 10, jitter: 0, scheduler: time });
    const call = () => {
      const permit = breaker.acquire();
      if (!permit.granted) throw new Error('It should be granted.');
      return permit;
    };
    call().fail();
    const open = hear(changeSince(refusal('open'), breaker));
    expect(open.values).toEqual([]);
    await time.advance(10);
    const probe = call();
    const halfOpen = hear(changeSince(refusal('half-open'), breaker));
    expect([open.values, halfOpen.values]).toEqual([['half-open'], []]);
    probe.succeed();
    expect([open.values, halfOpen.values]).toEqual([['half-open', 'closed'], ['closed']]);
    for (const { subscription } of [open, halfOpen]) subscription.unsubscribe();
    expect(time.actions).toHaveLength(0);
  });
});
