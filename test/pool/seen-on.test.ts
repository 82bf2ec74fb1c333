import { describe, expect, it } from 'vitest';
import { hear, world } from '../support/world.ts';

describe('seenOn', () => {
  it('names the relays that sent an event, and no others', async () => {
    const { time, pool, relays, note } = world({ relays: 3 });
    const [both, one, none] = [note('both'), note('one'), note('none')];
    relays[0]?.add(both, one, none);
    relays[1]?.add(both);
    const { values } = hear(pool.request({ ids: [both.id, one.id] }));
    await time.advance(5_000);
    expect(values).toHaveLength(2);
    expect(new Set(pool.seenOn(both))).toEqual(new Set([relays[0]?.url, relays[1]?.url]));
    expect(pool.seenOn(one.id)).toEqual([relays[0]?.url]);
    expect(pool.seenOn(none)).toEqual([]);
  });

  it('does not name a relay that sent a forgery of it', async () => {
    const { time, pool, relays, note } = world({ relays: [{}, { faults: { lie: 'forged-content' } }] });
    const event = note('real');
    for (const relay of relays) relay.add(event);
    // The liar alone first: nothing of it verifies.
    if (relays[0]) relays[0].faults.delay = 1_000;
    hear(pool.request({ kinds: [1] }));
    await time.advance(10_000);
    expect(pool.seenOn(event)).toEqual([relays[0]?.url]);
  });

  it('knows so many events', async () => {
    const { time, pool, relay, note } = world({ pool: { remembered: 2 } });
    const events = [note('a', { age: 3 }), note('b', { age: 2 }), note('c', { age: 1 })];
    relay.add(...events);
    hear(pool.request({ kinds: [1] }));
    await time.advance(5_000);
    // The newest comes first, and is the first to be forgotten.
    expect(events.map((event) => pool.seenOn(event).length)).toEqual([1, 1, 0]);
  });
});
