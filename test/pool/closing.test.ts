import { BehaviorSubject, NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Filter } from '../../src/index.ts';
import { contents, hear, world } from '../support/world.ts';

describe('closing a pool', () => {
  it('completes a subscription whose filters go on', async () => {
    const { time, pool, relay, note } = world();
    relay.seed(note('a'));
    const filter$ = new BehaviorSubject<Filter>({ kinds: [1] });
    const heard = hear(pool.subscribe(filter$));
    await time.advance(1_000);
    expect(contents(heard.values)).toEqual(['a']);
    expect(heard.completed).toBe(false);
    pool.close();
    expect(heard).toMatchObject({ completed: true, error: undefined });
    expect(filter$.observed).toBe(false);
    // The closing handshake.
    await time.advance(5_000);
    expect(time.actions).toHaveLength(0);
  });

  it('completes it though there was no filter to ask yet', () => {
    const { pool } = world();
    const heard = hear(pool.subscribe(NEVER));
    expect(heard.completed).toBe(false);
    pool.close();
    expect(heard.completed).toBe(true);
  });
});
