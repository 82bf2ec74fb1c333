import { config, from, map, of, pipe, queueScheduler, Subject, take, toArray, VirtualTimeScheduler } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { VerifierError, verifyEvents } from '../../src/operators/verify-events.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Verdicts, Verifier } from '../../src/verifiers/verifier.ts';
import { endless } from '../support/endless.ts';
import { madeUntilUnsubscribed } from '../support/feeding.ts';
import { marbles } from '../support/marbles.ts';
import { anEvent } from '../support/packets.ts';

const isReal = ({ content }: NostrEvent): boolean => content !== 'forged';
const events = {
  a: anEvent('a'),
  b: anEvent('b'),
  c: anEvent('c'),
  x: anEvent('d', { content: 'forged' }),
  y: anEvent('e', { content: 'forged' }),
};
const { a, b, c, x, y } = events;
const atOnce: Verifier = { verify: (batch) => batch.map(isReal) };

/** A verifier that answers when told to, in any order. */
class SlowVerifier implements Verifier {
  readonly asked: {
    batch: readonly NostrEvent[];
    answer: (verdicts: Verdicts) => void;
    fail: (error: Error) => void;
  }[] = [];

  verify(batch: readonly NostrEvent[]): Promise<Verdicts> {
    return new Promise((answer, fail) => this.asked.push({ batch, answer, fail }));
  }

  async answer(index: number): Promise<void> {
    const asked = this.asked[index];
    asked?.answer(asked.batch.map(isReal));
    await turn();
  }
}

/** All microtasks that are due have run. */
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

/** What a subscriber sees: values by name, then `|` or the error. */
function record(slow: Verifier, onInvalid?: (event: NostrEvent) => void) {
  const source = new Subject<NostrEvent>();
  const seen: unknown[] = [];
  const subscription = source.pipe(verifyEvents(slow, { onInvalid })).subscribe({
    next: (event) => seen.push(event),
    error: (error) => seen.push(error),
    complete: () => seen.push('|'),
  });
  return { source, seen, subscription };
}

describe('verifyEvents', () => {
  it('passes what verifies, in order, and completes after it', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-x-b-(c|)', events);
      expectObservable(source.pipe(verifyEvents(atOnce))).toBe('-a---b-(c|)', events);
      expectSubscriptions(source.subscriptions).toBe('^------!');
    });
  });

  it('passes an error on, after what came before it', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-(bx#)', events);
      expectObservable(source.pipe(verifyEvents(atOnce))).toBe('-a-(b#)', events);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('unsubscribes from the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-b-c-', events);
      expectObservable(source.pipe(verifyEvents(atOnce)), '^---!').toBe('-a-b-', events);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('collects for as long as the scheduler of the caller takes', () => {
    const scheduler = new VirtualTimeScheduler();
    const slow = new SlowVerifier();
    const source = new Subject<NostrEvent>();
    const subscription = source.pipe(verifyEvents(slow, { scheduler })).subscribe();
    for (const event of [a, x, b, c]) source.next(event);
    expect(slow.asked).toEqual([]);
    scheduler.flush();
    expect(slow.asked.map(({ batch }) => batch)).toEqual([[a, x, b, c]]);
    subscription.unsubscribe();
  });

  it('hands over what arrives in one turn as one batch', async () => {
    const slow = new SlowVerifier();
    const { source } = record(slow);
    for (const event of [a, x, b]) source.next(event);
    expect(slow.asked).toEqual([]);
    await turn();
    source.next(c);
    await turn();
    expect(slow.asked.map(({ batch }) => batch)).toEqual([[a, x, b], [c]]);
  });

  it('keeps the order when batches are answered out of order', async () => {
    const slow = new SlowVerifier();
    const { source, seen } = record(slow);
    for (const event of [a, b, c]) {
      source.next(event);
      await turn();
    }
    await slow.answer(2);
    await slow.answer(1);
    expect(seen).toEqual([]);
    await slow.answer(0);
    expect(seen).toEqual([a, b, c]);
  });

  it('completes only when the last verdict is there', async () => {
    const slow = new SlowVerifier();
    const { source, seen } = record(slow);
    source.next(a);
    await turn();
    source.next(b);
    source.complete();
    await turn();
    await slow.answer(0);
    expect(seen).toEqual([a]);
    await slow.answer(1);
    expect(seen).toEqual([a, b, '|']);
  });

  it('holds an error of the source back until the last verdict is there', async () => {
    const slow = new SlowVerifier();
    const { source, seen } = record(slow);
    const problem = new Error('source');
    source.next(a);
    source.error(problem);
    await turn();
    expect(seen).toEqual([]);
    await slow.answer(0);
    expect(seen).toEqual([a, problem]);
  });

  it('completes at once when nothing is outstanding', () => {
    const { source, seen } = record(atOnce);
    source.complete();
    expect(seen).toEqual(['|']);
  });

  it('says which events are forged, in order, and goes on when that throws', async () => {
    const forged: NostrEvent[] = [];
    const { source, seen } = record(atOnce, (event) => {
      forged.push(event);
      throw new Error('the listener is broken');
    });
    for (const event of [x, a, y, b]) source.next(event);
    await turn();
    expect(forged).toEqual([x, y]);
    expect(seen).toEqual([a, b]);
  });

  describe('when the listener throws', () => {
    afterEach(() => (config.onUnhandledError = null));

    it('tells the application, where it asked to be told', async () => {
      const told: unknown[] = [];
      config.onUnhandledError = (error) => told.push(error);
      const problem = new Error('the listener is broken');
      const { source } = record(atOnce, () => {
        throw problem;
      });
      source.next(x);
      await turn();
      expect(told).toEqual([problem]);
    });

    it('survives an application that throws, too', async () => {
      config.onUnhandledError = () => {
        throw new Error('and so is this');
      };
      const { source, seen } = record(atOnce, () => {
        throw new Error('the listener is broken');
      });
      for (const event of [x, a]) source.next(event);
      await turn();
      expect(seen).toEqual([a]);
    });
  });

  it.each<[string, Verifier, string]>([
    [
      'throws',
      {
        verify: () => {
          throw new Error('cause');
        },
      },
      'threw',
    ],
    ['rejects', { verify: () => Promise.reject(new Error('cause')) }, 'rejected'],
    ['gives too few verdicts', { verify: () => [true] }, 'gave 1 verdicts for 2 events'],
    [
      'gives too many verdicts later',
      { verify: () => Promise.resolve([true, true, true]) },
      'gave 3 verdicts for 2 events',
    ],
    ['gives none', { verify: () => undefined as never }, 'gave no list of verdicts for 2 events'],
  ])('errors when the verifier %s', async (_, broken, what) => {
    const { source, seen } = record(broken);
    source.next(a);
    source.next(b);
    await turn();
    expect(seen).toHaveLength(1);
    const [error] = seen;
    expect(error).toBeInstanceOf(VerifierError);
    expect(error).toMatchObject({
      name: 'VerifierError',
      code: 'verifier-failed',
      message: expect.stringContaining(what),
    });
    if (what === 'threw' || what === 'rejected') expect(error).toMatchObject({ cause: { message: 'cause' } });
    expect(source.observed).toBe(false);
  });

  it('takes nothing but true for a yes', async () => {
    const { source, seen } = record({ verify: () => [1, 'yes', true] as never });
    for (const event of [a, b, c]) source.next(event);
    await turn();
    expect(seen).toEqual([c]);
  });

  it('delivers nothing and rejects nowhere after an unsubscribe', async () => {
    const slow = new SlowVerifier();
    const { source, seen, subscription } = record(slow);
    source.next(a);
    await turn();
    source.next(b);
    subscription.unsubscribe();
    await turn();
    expect(slow.asked).toHaveLength(1);
    slow.asked[0]?.fail(new Error('late'));
    await turn();
    expect(seen).toEqual([]);
  });

  it('notifies a subscriber that left of nothing, whichever way a verdict comes late', async () => {
    const notified: unknown[] = [];
    config.onStoppedNotification = (notification) => notified.push(notification);
    const slow = new SlowVerifier();
    for (const late of ['answer', 'fail'] as const) {
      const { source, subscription } = record(slow);
      source.next(a);
      source.complete();
      await turn();
      subscription.unsubscribe();
      if (late === 'answer') await slow.answer(0);
      else slow.asked.at(-1)?.fail(new Error('late'));
      await turn();
    }
    // RxJS reports in a timer of 0 ms, so one that is set later and runs longer comes after it.
    await new Promise((done) => setTimeout(done, 5));
    config.onStoppedNotification = null;
    expect(slow.asked).toHaveLength(2);
    expect(notified).toEqual([]);
  });

  it('stops in the middle of a batch when the subscriber leaves', async () => {
    const forged: NostrEvent[] = [];
    const seen: unknown[] = [];
    from([a, b, x])
      .pipe(verifyEvents(atOnce, { onInvalid: (event) => forged.push(event) }), take(1))
      .subscribe((event) => seen.push(event));
    await turn();
    expect(seen).toEqual([a]);
    expect(forged).toEqual([]);
  });

  it('lets go of a synchronous source that never ends', () => {
    const { source, made } = endless();
    const seen: unknown[] = [];
    source
      .pipe(
        map((n) => (n % 2 === 0 ? a : x)),
        // The default would deliver at the end of a turn that has none.
        verifyEvents(atOnce, { scheduler: queueScheduler }),
        take(2),
      )
      .subscribe((event) => seen.push(event));
    expect([seen, made()]).toEqual([[a, a], 3]);
  });

  it('lets go of it on an unsubscribe that comes from elsewhere', () => {
    const verified = pipe(
      map(() => a),
      verifyEvents(atOnce),
    );
    expect(madeUntilUnsubscribed(verified)).toBe(6);
  });

  it('keeps the order when a subscriber feeds the source, and may end it, from its handler', async () => {
    const source = new Subject<NostrEvent>();
    const seen: unknown[] = [];
    source.pipe(verifyEvents(atOnce, { scheduler: queueScheduler })).subscribe({
      next: (event) => {
        seen.push(event);
        if (event === a) {
          source.next(b);
          source.next(c);
          source.complete();
        }
      },
      complete: () => seen.push('|'),
    });
    source.next(a);
    await turn();
    expect(seen).toEqual([a, b, c, '|']);
  });

  it('delivers the rest of a batch before the completion that its first event brings about', async () => {
    const source = new Subject<NostrEvent>();
    const seen: unknown[] = [];
    source.pipe(verifyEvents(atOnce)).subscribe({
      next: (event) => {
        seen.push(event);
        if (event === a) source.complete();
      },
      complete: () => seen.push('|'),
    });
    source.next(a);
    source.next(b);
    await turn();
    expect(seen).toEqual([a, b, '|']);
  });

  it('serves two sources at once, synchronous ones too', async () => {
    const operator = verifyEvents(atOnce);
    const seen: NostrEvent[][] = [];
    of(a, x)
      .pipe(operator, toArray())
      .subscribe((all) => seen.push(all));
    of(b, c)
      .pipe(operator, toArray())
      .subscribe((all) => seen.push(all));
    await turn();
    expect(seen).toEqual([[a], [b, c]]);
  });
});
