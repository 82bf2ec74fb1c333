import { BehaviorSubject, filter, firstValueFrom, interval, map, pairwise, withLatestFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { toAsyncIterable } from '../../src/index.ts';
import { fakeEvent } from '../../src/testing/index.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { NOTES, realWorld } from '../support/real-world.ts';

/** Events of 40 MB in all: more than the sockets of two processes take by themselves. */
const COUNT = 4_000;
const feed = () =>
  Array.from({ length: COUNT }, (_, index) =>
    fakeEvent({ content: `${index} `.padEnd(10_000, '.'), created_at: index }),
  );

describe('a slow subscriber over real sockets', () => {
  it('makes the socket be read no further, and loses nothing', async () => {
    await using scene = await realWorld({ pool: { verifier: zerosVerifier, maxBacklog: 300 } });
    const { pool, relays } = scene;
    const [relay] = relays;
    relay?.seed(feed());
    const closes: string[] = [];
    relay?.received$.subscribe(({ message }) => closes.push(message.type));
    const pause$ = new BehaviorSubject(false);
    const events = toAsyncIterable(pool.subscribe(NOTES, { pause$ }), { capacity: 10, pause$ });
    const contents: string[] = [];
    const frames$ = pool.relays$.pipe(map(([status]) => status?.counters.frames ?? 0));
    for await (const { content } of events) {
      contents.push(content);
      if (contents.length === 1) {
        // Nobody takes any for a while: what comes in comes to an end, far from all there is.
        const steady$ = interval(300).pipe(
          withLatestFrom(frames$, (_, frames) => frames),
          pairwise(),
          filter(([before, now]) => now > 0 && now === before),
        );
        const [frames] = await firstValueFrom(steady$);
        expect(frames).toBeLessThan(COUNT - 500);
      }
      if (contents.length === COUNT) break;
    }
    expect(new Set(contents).size).toBe(COUNT);
    expect(closes).toEqual(['REQ']);
  });
});
