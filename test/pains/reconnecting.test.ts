import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { RelayStatus } from '../../src/sources/relay.ts';
import { contents, hear, words, world } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('reconnecting', () => {
  it('7. a relay that is down at the start is connected when it comes up', async () => {
    const { pool, relay, time, note } = world();
    relay.stop();
    const heard = hear(pool.subscribe({ kinds: [1] }));
    await time.advance(10 * MINUTE);
    expect(heard.values).toEqual([]);
    relay.restart();
    relay.seed(note('stored'));
    await time.advance(2 * MINUTE);
    relay.add(note('live'));
    await time.advance(SECOND);
    expect(contents(heard.values)).toEqual(['stored', 'live']);
    pool.close();
  });

  it('8. one failed retry is not the end: a relay that exhausted its attempts is still probed', async () => {
    const { pool, relay, time, note } = world();
    const heard = hear(pool.subscribe({ kinds: [1] }));
    const statuses = hear(pool.relays$);
    await time.advance(10 * SECOND);
    relay.stop();
    await time.advance(6 * HOUR);
    expect(statuses.values.at(-1)?.[0]?.state).toBe('failed');
    relay.restart();
    relay.seed(note('after six hours'));
    await time.advance(2 * MINUTE);
    expect(statuses.values.at(-1)?.[0]?.state).toBe('connected');
    expect(contents(heard.values)).toEqual(['after six hours']);
    pool.close();
  });

  it('8. a relay that exhausted its attempts is revived by the caller at once', async () => {
    const { pool, relay, time } = world();
    relay.stop();
    hear(pool.subscribe({ kinds: [1] }));
    const statuses = hear(pool.relays$);
    const state = (): string | undefined => statuses.values.at(-1)?.[0]?.state;
    await time.until(() => state() === 'failed', HOUR);
    await time.until(() => (statuses.values.at(-1)?.[0]?.retryAt ?? 0) - time.now() > 30 * SECOND, HOUR);
    relay.restart();
    pool.revive(relay.url);
    await time.advance(1_100);
    expect(state()).toBe('connected');
    pool.close();
  });

  it.each([1000, 1001])('9. a clean close by the relay (%i) reconnects too, and live streams go on', async (code) => {
    const { pool, relay, time, note } = world();
    const heard = hear(pool.subscribe({ kinds: [1] }));
    await time.advance(10 * SECOND);
    relay.drop(code);
    relay.seed(note('while away'));
    await time.advance(5 * SECOND);
    relay.add(note('live again'));
    await time.advance(SECOND);
    expect(contents(heard.values)).toEqual(['while away', 'live again']);
    expect(heard.completed).toBe(false);
    pool.close();
  });

  it('10. after a reconnect every live REQ is sent again, before any waiting publish', async () => {
    const { pool, relay, time, note } = world();
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(10 * SECOND);
    relay.stop();
    await time.advance(10);
    // The publish waits first, and more requests come after it.
    const publish = hear(pool.publish(note('waiting'), { deadline: 5 * MINUTE }));
    hear(pool.subscribe({ kinds: [7] }));
    hear(pool.subscribe({ kinds: [6] }));
    await time.advance(100);
    const before = relay.received.length;
    relay.restart();
    await time.until(() => publish.completed, 5 * MINUTE);
    const verbs = relay.received.slice(before).map(({ message }) => message.type);
    expect(verbs.slice(0, verbs.indexOf('EVENT')).filter((verb) => verb === 'REQ').length).toBeGreaterThanOrEqual(3);
    const firstReqs = relay.received.slice(before, before + 3).map(({ message }) => message);
    expect(firstReqs.map((message) => message.type === 'REQ' && message.filters)).toEqual([
      [{ kinds: [1], limit: 1 }],
      [{ kinds: [7] }],
      [{ kinds: [6] }],
    ]);
    pool.close();
  });

  it('11. resume does not trust one event dated in the future: no blind time to come', async () => {
    const { pool, relay, time, note } = world();
    const heard = hear(pool.subscribe({ kinds: [1] }));
    await time.advance(10 * SECOND);
    relay.add(note('from the year after next', { age: -2 * 365 * 86_400 }));
    await time.advance(MINUTE);
    relay.drop();
    relay.seed(note('dated now'));
    await time.advance(MINUTE);
    relay.add(note('live'));
    await time.advance(SECOND);
    expect(contents(heard.values)).toEqual(['from the year after next', 'dated now', 'live']);
    pool.close();
  });

  it('11. authors whose clocks are behind are not lost either, during an outage and after it', async () => {
    const { pool, relay, time, note } = world();
    const heard = hear(pool.subscribe({ kinds: [1] }));
    await time.advance(10 * SECOND);
    // Seen live once, an hour behind: the next outage is fetched from an hour earlier.
    relay.add(note('an hour behind', { age: 3_600 }));
    await time.advance(MINUTE);
    relay.drop();
    relay.seed(note('an hour behind, in the outage', { age: 3_500 }));
    await time.advance(MINUTE);
    relay.add(note('a day behind, live after it', { age: 86_400 }));
    await time.advance(SECOND);
    expect(contents(heard.values)).toEqual([
      'an hour behind',
      'an hour behind, in the outage',
      'a day behind, live after it',
    ]);
    pool.close();
  });

  it('11. what an outage may have hidden is named by a gap', async () => {
    const { pool, relay, time, note } = world();
    const packets = hear(pool.packets({ kinds: [1] }));
    await time.advance(10 * SECOND);
    relay.drop();
    const hidden = note('a month old, stored in the outage', { age: 30 * 86_400 });
    relay.seed(hidden, note('new'));
    await time.advance(MINUTE);
    const gap = packets.values.find((packet) => packet.type === 'gap');
    expect(gap).toMatchObject({ type: 'gap', since: 0 });
    expect(gap?.type === 'gap' && gap.until).toBeGreaterThan(hidden.created_at);
    expect(words(packets.values)).toContain('event new');
    expect(words(packets.values)).not.toContain('event a month old, stored in the outage');
    pool.close();
  });

  it('12. resume does not download everything again, and a limit does not cut off the events of the outage', async () => {
    const { pool, relay, time, note } = world({ pool: { verifier: { verify: (events) => events.map(() => true) } } });
    const old = Array.from({ length: 300 }, (_, i) => note(`old ${i}`, { age: 7_200 + i }));
    relay.seed(...old);
    const heard = hear(pool.subscribe({ kinds: [1], limit: 5 }));
    await time.advance(10 * SECOND);
    expect(heard.values).toHaveLength(5);
    const framesBefore = hear(pool.relays$).values.at(-1)?.[0]?.counters.frames ?? 0;
    relay.stop();
    const missed = Array.from({ length: 40 }, (_, i) => note(`missed ${i}`, { age: -i }));
    relay.seed(...missed);
    await time.advance(100);
    relay.restart();
    await time.advance(MINUTE);
    expect(heard.values).toHaveLength(45);
    expect(new Set(contents(heard.values.slice(5)))).toEqual(new Set(contents(missed)));
    const framesAfter = hear(pool.relays$).values.at(-1)?.[0]?.counters.frames ?? 0;
    expect(framesAfter - framesBefore).toBeLessThan(60);
    pool.close();
  });

  it('13. backoff has a cap: a relay that is down for a day is tried about once a minute, not less and not more', async () => {
    const { pool, relay, time } = world();
    relay.stop();
    hear(pool.subscribe({ kinds: [1] }));
    const attempts = hear(pool.relays$);
    await time.advance(24 * HOUR);
    const tries = attempts.values.filter(([status]) => status?.state === 'connecting').length;
    // Full jitter under a cap of 60 s above a floor of 0.1 s: 30 s on average.
    expect(tries).toBeGreaterThan(24 * 60);
    expect(tries).toBeLessThan(24 * 60 * 4);
    pool.close();
  });

  it('13. backoff is reset only by stable uptime: a flapping relay does not reconnect every second for ever', async () => {
    const { pool, relay, time } = world();
    let opened = 0;
    relay.connectionCount$.subscribe((count) => {
      if (count === 0) return;
      opened++;
      time.schedule(() => relay.drop(), 500);
    });
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(HOUR);
    expect(opened).toBeGreaterThan(30);
    expect(opened).toBeLessThan(300);
    pool.close();
  });

  it('14. a half-open connection is noticed and replaced, without a limit: 0 ping', async () => {
    const { pool, relay, time, note } = world();
    const packets = hear(pool.packets({ kinds: [1] }));
    await time.advance(10 * SECOND);
    relay.faults.halfOpen = true;
    await time.advance(100);
    relay.faults.halfOpen = false;
    relay.seed(note('said into the void'));
    await time.advance(2 * MINUTE);
    expect(words(packets.values)).toContain('lost half-open 0');
    expect(words(packets.values)).toContain('event said into the void');
    const requests = relay.received.flatMap(({ message }) => (message.type === 'REQ' ? message.filters : []));
    expect(requests).not.toContainEqual(expect.objectContaining({ limit: 0 }));
    pool.close();
  });

  it('14. an idle connection that answers is left alone', async () => {
    const { pool, relay, time } = world();
    const packets = hear(pool.packets({ kinds: [1] }));
    await time.advance(HOUR);
    expect(words(packets.values)).toEqual(['eose 0']);
    expect(relay.subscriptionCount).toBe(1);
    pool.close();
  });

  it('15. after sleep or offline everything comes back at once, and not as a stampede', async () => {
    const online$ = new Subject<void>();
    const { pool, relays, time } = world({ relays: 20, pool: { connectivity$: online$ } });
    const statuses = hear(pool.relays$);
    const connected = (): number =>
      (statuses.values.at(-1) ?? []).filter((status: RelayStatus) => status.state === 'connected').length;
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(10 * SECOND);
    expect(connected()).toBe(20);
    for (const relay of relays) relay.stop();
    await time.advance(20 * MINUTE);
    expect(connected()).toBe(0);
    for (const relay of relays) relay.restart();
    const back: number[] = [];
    for (const relay of relays) relay.connectionCount$.subscribe((count) => count > 0 && back.push(time.now()));
    online$.next();
    await time.advance(1_200);
    expect(connected()).toBe(20);
    expect(new Set(back).size).toBeGreaterThan(10);
    expect(Math.max(...back) - Math.min(...back)).toBeGreaterThan(400);
    pool.close();
  });

  it('15. where no platform says so, the first relay that comes back brings the others', async () => {
    const { pool, relays, time } = world({ relays: 5 });
    const statuses = hear(pool.relays$);
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(10 * SECOND);
    for (const relay of relays) relay.stop();
    await time.advance(3 * HOUR);
    for (const relay of relays) relay.restart();
    const count = (): number => (statuses.values.at(-1) ?? []).filter(({ state }) => state === 'connected').length;
    await time.until(() => count() > 0, 5 * MINUTE);
    await time.advance(1_200);
    expect(count()).toBe(5);
    pool.close();
  });

  it('15. a woken device finds out at once that its connections are dead', async () => {
    const wake$ = new Subject<void>();
    const { pool, relay, time } = world({ pool: { connectivity$: wake$, livenessTimeout: 3_000 } });
    const packets = hear(pool.packets({ kinds: [1] }));
    await time.advance(5 * SECOND);
    relay.faults.halfOpen = true;
    await time.advance(100);
    relay.faults.halfOpen = false;
    wake$.next();
    await time.advance(5 * SECOND);
    expect(words(packets.values)).toContain('lost half-open 0');
    expect(words(packets.values).at(-1)).toBe('eose 0');
    pool.close();
  });
});
