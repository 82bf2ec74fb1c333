import { describe, expect, it } from 'vitest';
import { awaitAnswer } from '../../src/pool/patience.ts';
import { VirtualTime } from '../../src/testing/index.ts';
import { heapInUse } from '../support/heap.ts';

const MEGABYTE = 1_000_000;

describe('awaitAnswer', () => {
  it('calls when nothing was heard for so long, not before, and once', async () => {
    const time = new VirtualTime();
    const asked = { heardAt: time.now(), isBusy: false };
    let calls = 0;
    awaitAnswer(asked, 100, time, () => calls++);
    await time.advance(60);
    asked.heardAt = time.now();
    await time.advance(99);
    expect(calls).toBe(0);
    await time.advance(1);
    expect(calls).toBe(1);
    await time.advance(1_000);
    expect(calls).toBe(1);
    expect(time.actions).toHaveLength(0);
  });

  it('leaves no timer behind, however often it has waited', async () => {
    const time = new VirtualTime();
    let calls = 0;
    const waiting = awaitAnswer({ heardAt: time.now(), isBusy: true }, 100, time, () => calls++);
    await time.advance(1_050);
    waiting.unsubscribe();
    expect(time.actions.filter(({ closed }) => !closed)).toHaveLength(0);
    await time.advance(1_000);
    expect(calls).toBe(0);
  });

  it('keeps nothing of the times that it has waited', async () => {
    const time = new VirtualTime();
    const waiting = awaitAnswer({ heardAt: time.now(), isBusy: true }, 10, time, () => undefined);
    await time.advance(10_000);
    const before = await heapInUse();
    for (let count = 0; count < 10; count++) await time.advance(100_000);
    expect((await heapInUse()) - before).toBeLessThan(4 * MEGABYTE);
    waiting.unsubscribe();
  });
});
