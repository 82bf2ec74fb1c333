import { describe, expect, it } from 'vitest';
import { type Happening, OutboxCrashes } from '../support/outbox-crashes.ts';

const STORY: readonly Happening[] = [
  { type: 'stop', relay: 1 },
  { type: 'stop', relay: 2 },
  { type: 'publish', event: 0 },
  { type: 'publish', event: 2 },
  { type: 'wait', milliseconds: 3_000 },
  { type: 'publish', event: 5 },
  { type: 'wait', milliseconds: 3_000 },
  { type: 'publish', event: 1 },
  { type: 'cancel', event: 1 },
  { type: 'mute', relay: 1 },
  { type: 'restart', relay: 1 },
  { type: 'wait', milliseconds: 12_000 },
  { type: 'restart', relay: 2 },
  { type: 'wait', milliseconds: 12_000 },
];

async function live(crashPoints: readonly number[]): Promise<{ life: OutboxCrashes; wrong: string[] }> {
  const life = new OutboxCrashes(crashPoints);
  for (const happening of STORY) await life.happen(happening);
  return { life, wrong: await life.end() };
}

describe('a crash between any two steps of the store', () => {
  it('never: the story is worth telling', async () => {
    const { life, wrong } = await live([]);
    expect(wrong).toEqual([]);
    expect(life.promised.size).toBe(4);
    expect(life.delivered.size).toBe(2);
    expect([...life.ends.values()].sort()).toEqual(['cancelled', 'superseded']);
    expect(life.steps).toBeGreaterThan(30);
  });

  it(
    'after each step: no event that was promised is lost, no confirmation invented',
    { timeout: 120_000 },
    async () => {
      const { life } = await live([]);
      for (let step = 1; step <= life.steps; step++) {
        const { wrong, life: crashed } = await live([step]);
        expect({ step, wrong, crashes: crashed.crashes }).toEqual({ step, wrong: [], crashes: 1 });
      }
    },
  );

  it('after a few steps, again and again', { timeout: 120_000 }, async () => {
    for (const every of [1, 2, 3, 5, 8]) {
      const { wrong, life } = await live(Array.from({ length: 12 }, () => every));
      expect({ every, wrong }).toEqual({ every, wrong: [] });
      expect(life.crashes).toBeGreaterThan(2);
    }
  });
});
