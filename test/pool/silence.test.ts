import { describe, expect, it } from 'vitest';
import { contents, hear, world } from '../support/world.ts';

const SECOND = 1_000;

describe('a relay that did not answer a REQ', () => {
  /** How long a request takes, in seconds, with one relay that is well and one that never says EOSE. */
  function setUp() {
    const { pool, relays, time, note } = world({ relays: [{}, { faults: { noEose: true } }] });
    const [well, silent] = relays;
    if (!well || !silent) throw new Error('There are two relays.');
    well.seed(note('a'));
    silent.seed(note('b'));
    const seconds = async (): Promise<number> => {
      const request = hear(pool.request({ kinds: [1] }, { alone: true }));
      let passed = 0;
      for (; !request.completed && passed < 60; passed++) await time.advance(SECOND);
      // What it did send is not lost.
      expect(contents(request.values).sort()).toEqual(['a', 'b']);
      return passed;
    };
    return { pool, silent, time, seconds };
  }

  it('is given a second for the next one', async () => {
    const { pool, seconds } = setUp();
    expect(await seconds()).toBeGreaterThanOrEqual(10);
    expect(await seconds()).toBeLessThanOrEqual(2);
    expect(await seconds()).toBeLessThanOrEqual(2);
    pool.close();
  });

  it('is given its time again when it has answered', async () => {
    const { pool, seconds, silent } = setUp();
    await seconds();
    silent.faults.noEose = false;
    expect(await seconds()).toBeLessThanOrEqual(1);
    silent.faults.noEose = true;
    expect(await seconds()).toBeGreaterThanOrEqual(10);
    pool.close();
  });

  it('is given its time again after a minute', async () => {
    const { pool, seconds, time } = setUp();
    await seconds();
    await time.advance(60 * SECOND);
    expect(await seconds()).toBeGreaterThanOrEqual(10);
    pool.close();
  });
});
