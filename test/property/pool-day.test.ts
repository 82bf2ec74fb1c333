import { describe, expect, it } from 'vitest';
import { Day, LIMITS, MINUTE, SECOND } from '../support/day.ts';

/**
 * A day on virtual time: 50 relays that stop, flap, hang, are slow, silent and unfriendly, on 20 sockets. `DAY_SEEDS=100` lives through a
 * hundred of them, `-t 'seed 17'` through one again.
 */
const seeds = Array.from({ length: Number(process.env['DAY_SEEDS'] ?? 2) }, (_, index) => index + 1);
const HOURS = 22;
/** 50 relays take turns of 30 s on 20 sockets, so each has its turn within three; one more as turns do not begin together. */
const TURNS = 4 * 30 * SECOND;
const EVENTFUL = [
  'eose',
  'gap',
  'closed',
  'lost: parked',
  'lost: silent',
  'lost: connect-timeout',
  'publish: accepted',
  'publish: unreachable',
  'taken back',
  'most probes',
];

describe('a pool with 50 relays and 20 sockets, for a day', () => {
  it.each(seeds)('keeps its bounds, ends what it began, and recovers (seed %i)', { timeout: 240_000 }, async (seed) => {
    const day = new Day(seed);
    await day.pass(HOURS);
    expect(day.broken).toEqual([]);

    await day.calm();
    expect(await day.freshEvents(TURNS)).toEqual([]);
    expect(day.broken).toEqual([]);
    expect(day.unexcused).toEqual([]);
    // It was a day worth the name: each of these happened, or nothing above says much.
    expect([...day.tally.keys()]).toEqual(expect.arrayContaining(EVENTFUL));
    expect(day.tally.get('most waiting')).toBe(LIMITS.capacity);
    expect(day.tally.get('most under way')).toBe(LIMITS.permits);

    day.leave();
    // A minute of being idle, and the closing handshakes.
    await day.time.advance(MINUTE + SECOND);
    expect(day.time.actions).toHaveLength(0);
    expect(day.sockets.size).toBe(0);
    expect(
      day.relays.filter(({ subscriptionCount, connectionCount }) => subscriptionCount + connectionCount > 0),
    ).toEqual([]);
    for (const { status } of day.known) expect(status).toMatchObject({ inFlight: 0, queued: 0, connections: 0 });
    day.pool.close();
    expect(day.time.actions).toHaveLength(0);
    expect(day.broken).toEqual([]);
  });
});
