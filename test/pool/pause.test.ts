import { BehaviorSubject, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { fakeEvent, type VirtualRelay, VirtualTime } from '../../src/testing/index.ts';
import { laterVerifier, zerosVerifier } from '../support/clocked-verifiers.ts';
import { contents, hear, words, world } from '../support/world.ts';

const SECOND = 1_000;
/** When the worlds begin, in seconds. */
const START = Math.floor(new VirtualTime().now() / SECOND);

/** `count` events, the oldest first. */
const feed = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) =>
    fakeEvent({ content: `${from + index}`, created_at: START - count + from + index }),
  );

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `${from + index}`);
const newestFirst = (count: number): string[] => numbers(0, count).reverse();

/** REQs and CLOSEs that a relay received, in order. */
function said(relay: VirtualRelay): string[] {
  const heard: string[] = [];
  relay.received$.subscribe(({ message }) => {
    if (message.type === 'REQ' || message.type === 'CLOSE') heard.push(message.type);
  });
  return heard;
}

describe('pause$', () => {
  it('holds everything back, and gives it when the subscriber goes on', async () => {
    const pause$ = new BehaviorSubject(true);
    const { pool, relay, time } = world({ pool: { verifier: zerosVerifier } });
    relay.seed(feed(10));
    const heard = hear(pool.packets({ kinds: [1] }, { pause$ }));
    await time.advance(SECOND);
    expect(words(heard.values)).toEqual([]);
    pause$.next(false);
    expect(words(heard.values)).toEqual([...newestFirst(10).map((name) => `event ${name}`), 'eose 0']);
    pool.close();
  });

  it('stops between two events', async () => {
    const pause$ = new Subject<boolean>();
    const { pool, relay, time } = world({ pool: { verifier: zerosVerifier } });
    relay.seed(feed(10));
    const taken: string[] = [];
    pool.subscribe({ kinds: [1] }, { pause$ }).subscribe(({ content }) => {
      taken.push(content);
      if (taken.length % 3 === 0) pause$.next(true);
    });
    await time.advance(SECOND);
    expect(taken).toEqual(['9', '8', '7']);
    for (const count of [6, 9, 10]) {
      pause$.next(false);
      expect(taken).toEqual(newestFirst(10).slice(0, count));
    }
    pool.close();
  });

  it('closes the REQ when more comes than may wait, and goes on from where it stood', async () => {
    const pause$ = new BehaviorSubject(false);
    const { pool, relay, time } = world({ pool: { verifier: zerosVerifier, maxBacklog: 20 } });
    const heard = hear(pool.packets({ kinds: [1] }, { pause$ }));
    const sibling = hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    const wire = said(relay);
    pause$.next(true);
    for (const event of feed(100)) {
      relay.add(event);
      await time.advance(10);
    }
    expect(wire).toEqual(['CLOSE']);
    expect(heard.values.filter(({ type }) => type === 'event')).toHaveLength(0);
    expect(contents(sibling.values)).toEqual(numbers(0, 100)); // nobody else waits
    pause$.next(false);
    await time.advance(SECOND);
    // The live REQ again, and a page of what it missed.
    expect(wire).toEqual(['CLOSE', 'REQ', 'REQ', 'CLOSE']);
    const events = heard.values.flatMap((packet) => (packet.type === 'event' ? [packet.event.content] : []));
    expect(events.toSorted()).toEqual(numbers(0, 100).toSorted());
    relay.add(fakeEvent({ content: 'live', created_at: START + 2 }));
    await time.advance(SECOND);
    expect(words(heard.values).at(-1)).toBe('event live');
    pool.close();
  });

  it('asks once when it goes on, however often the connection was lost meanwhile', async () => {
    const pause$ = new BehaviorSubject(false);
    const { pool, relay, time } = world({ pool: { verifier: zerosVerifier, maxBacklog: 20 } });
    const heard = hear(pool.subscribe({ kinds: [1] }, { pause$ }));
    await time.advance(SECOND);
    pause$.next(true);
    relay.add(...feed(50));
    await time.advance(SECOND);
    const wire = said(relay);
    for (let count = 0; count < 3; count++) {
      relay.drop();
      await time.advance(60 * SECOND);
    }
    expect(wire).toEqual([]);
    pause$.next(false);
    await time.advance(SECOND);
    expect(wire[0]).toBe('REQ');
    expect(relay.subscriptionCount).toBe(1);
    expect(contents(heard.values).toSorted()).toEqual(numbers(0, 50).toSorted());
    pool.close();
  });

  it.each([true, false])(
    'asks once when it goes on, though both of its REQs were closed; the connection was lost since: %s',
    async (isLost) => {
      const pause$ = new BehaviorSubject(false);
      const { pool, relay, time } = world({
        relays: [{ limits: { max_limit: 50 } }],
        pool: { verifier: zerosVerifier, maxBacklog: 60 },
      });
      // A page of what is older is more than may wait.
      const large = [['pad', '.'.repeat(9_000)]];
      relay.seed(feed(200).map((event, at) => (at < 150 ? fakeEvent({ ...event, tags: large }) : event)));
      const wire = said(relay);
      // The second REQ is the first page.
      relay.received$.subscribe(() =>
        wire.filter((verb) => verb === 'REQ').length === 2 ? pause$.next(true) : undefined,
      );
      const heard = hear(pool.subscribe({ kinds: [1] }, { pause$ }));
      await time.advance(SECOND);
      relay.add(...feed(70, 200));
      await time.advance(SECOND);
      expect(wire).toEqual(['REQ', 'REQ', 'CLOSE', 'CLOSE']);
      if (isLost) relay.drop();
      await time.advance(60 * SECOND);
      expect(relay.subscriptionCount).toBe(0);
      pause$.next(false);
      await time.advance(10 * SECOND);
      expect(relay.subscriptionCount).toBe(1);
      expect(contents(heard.values).toSorted()).toEqual(numbers(0, 270).toSorted());
      pool.close();
    },
  );

  it('lets a request have all that is stored, a part at a time', async () => {
    const pause$ = new BehaviorSubject(false);
    const { pool, relay, time } = world({
      relays: [{ limits: { max_limit: 50 } }],
      pool: { verifier: zerosVerifier, maxBacklog: 20 },
    });
    relay.seed(feed(200));
    const taken: string[] = [];
    const heard = hear(pool.request({ kinds: [1] }, { pause$ }));
    pool.request({ kinds: [1] }, { pause$ }).subscribe(({ content }) => {
      taken.push(content);
      if (taken.length % 10 === 0) {
        pause$.next(true);
        time.schedule(() => pause$.next(false), 100);
      }
    });
    await time.advance(50 * SECOND);
    expect(taken.toSorted()).toEqual(numbers(0, 200).toSorted());
    expect(heard.completed).toBe(true);
    pool.close();
  });

  it('leaves nothing behind when the subscriber leaves during a pause', async () => {
    const pause$ = new BehaviorSubject(true);
    const { pool, relay, time } = world({ pool: { verifier: zerosVerifier } });
    relay.seed(feed(10));
    const heard = hear(pool.subscribe({ kinds: [1] }, { pause$ }));
    await time.advance(SECOND);
    heard.subscription.unsubscribe();
    expect(pause$.observed).toBe(false);
    pause$.next(false);
    await time.advance(SECOND);
    expect(heard.values).toEqual([]);
    expect(relay.subscriptionCount).toBe(0);
    pool.close();
  });

  it.each(['completes', 'errors'])('is over when pause$ %s', async (how) => {
    const pause$ = new BehaviorSubject(true);
    const { pool, relay, time } = world({ pool: { verifier: zerosVerifier } });
    relay.seed(feed(3));
    const heard = hear(pool.subscribe({ kinds: [1] }, { pause$ }));
    await time.advance(SECOND);
    if (how === 'errors') pause$.error(new Error('trouble'));
    else pause$.complete();
    expect(contents(heard.values)).toEqual(['2', '1', '0']);
    expect(heard.error).toBeUndefined();
    pool.close();
  });
});

describe('events that wait to be verified', () => {
  it('are no more than so many, and none is lost', async () => {
    const verifier = laterVerifier(() => time, 50, zerosVerifier);
    const { pool, relay, time } = world({ pool: { maxBacklog: 30, verifier } });
    relay.seed(feed(300));
    const heard = hear(pool.packets({ kinds: [1] }));
    const wire = said(relay);
    await time.advance(60 * SECOND);
    const events = heard.values.flatMap((packet) => (packet.type === 'event' ? [packet.event.content] : []));
    expect(events.toSorted()).toEqual(numbers(0, 300).toSorted());
    expect(wire.filter((type) => type === 'CLOSE').length).toBeGreaterThan(0);
    pool.close();
  });
});
