import { finalize, Observable, Subject, take } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { SharedRequest } from '../../src/pool/shared-request.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { type Filter, normalizeFilters } from '../../src/protocol/filter.ts';
import { shapeOfFilters } from '../../src/protocol/filter-shape.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import { anEvent, packetOf } from '../support/packets.ts';
import { watchUnhandledErrors } from '../support/unhandled-errors.ts';
import { type Heard, hear, words } from '../support/world.ts';

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];
const by = (author: string): Filter => ({ kinds: [1], authors: [author] });
const topics = (...values: string[]): Filter => ({ '#t': values });
const authorsOf = ([filter]: readonly Filter[]): readonly string[] | undefined => filter?.authors;
const nextMicrotask = (): Promise<void> => Promise.resolve();

let made = 0;
/** A note by `author`, newer than those before, with its content for a name. */
const note = (content: string, author = A, tags: string[][] = []): NostrEvent =>
  anEvent(`${++made}`, { content, pubkey: author, tags, created_at: made });

describe('SharedRequest', () => {
  let answers: Subject<Packet>;
  let remembered: Map<string, NostrEvent>;
  /** What the relays were asked; and whether that goes on, and how often it was said to be over. */
  let asked: (readonly Filter[])[];
  let isAsking: boolean;
  let overs: number;
  let asking: () => void;
  let source: Observable<Packet>;
  const unhandled = watchUnhandledErrors();

  beforeEach(() => {
    [answers, remembered, asked, isAsking, overs] = [new Subject(), new Map(), [], false, 0];
    source = answers;
  });

  const request = (filter: Filter): SharedRequest =>
    new SharedRequest(shapeOfFilters(normalizeFilters(filter)).shape, {
      ask: (filters, _names, onAsking) =>
        new Observable((subscriber) => {
          asked.push(filters);
          asking = onAsking;
          isAsking = true;
          subscriber.add(() => (isAsking = false));
          source.subscribe(subscriber);
        }),
      isJoinable: true,
      known: (id) => remembered.get(id),
      now: () => 0,
      over: () => overs++,
    });
  const riding = (shared: SharedRequest, filter: Filter): Observable<Packet> => {
    const filters = normalizeFilters(filter);
    return new Observable((subscriber) => shared.join(filters, shapeOfFilters(filters).values, subscriber));
  };
  const join = (shared: SharedRequest, filter: Filter): Heard<Packet> => hear(riding(shared, filter));
  const canJoin = (shared: SharedRequest, filter: Filter): boolean =>
    shared.canJoin(shapeOfFilters(normalizeFilters(filter)).values);
  const deliver = (...events: readonly NostrEvent[]): void => {
    for (const event of events) {
      remembered.set(event.id, event);
      answers.next(packetOf.event(event));
    }
  };

  it('asks once for the values of all, each once', () => {
    const shared = request(by(A));
    for (const author of [B, A, B]) join(shared, by(author));
    expect(asked).toEqual([]);
    shared.start();
    expect(asked).toEqual([[{ kinds: [1], authors: [A, B] }]]);
  });

  it('tells each of the events that it asked for, and all of what relays say', () => {
    const shared = request(by(A));
    const [one, other, both] = [join(shared, by(A)), join(shared, by(B)), join(shared, { ...by(A), authors: [A, B] })];
    shared.start();
    deliver(note('1', A), note('2', B), note('3', C));
    answers.next(packetOf.eose(1));
    answers.next(packetOf.gap());
    deliver(note('4', A));
    expect(words(one.values)).toEqual(['event 1', 'eose 1', 'gap', 'event 4']);
    expect(words(other.values)).toEqual(['event 2', 'eose 1', 'gap']);
    expect(words(both.values)).toEqual(['event 1', 'event 2', 'eose 1', 'gap', 'event 4']);
  });

  it('tells of an event once, though it has several of the values', () => {
    const shared = request(topics('x'));
    const [both, one] = [join(shared, topics('x', 'y')), join(shared, topics('y'))];
    shared.start();
    deliver(
      note('1', A, [
        ['t', 'x'],
        ['t', 'y'],
        ['t', 'x'],
      ]),
    );
    expect(words(both.values)).toEqual(['event 1']);
    expect(words(one.values)).toEqual(['event 1']);
  });

  describe('before it starts', () => {
    it('forgets what nobody asks for any more', () => {
      const shared = request(by(A));
      const left = join(shared, { ...by(A), authors: [A, C] });
      join(shared, { ...by(A), authors: [B, C] });
      left.subscription.unsubscribe();
      expect([canJoin(shared, by(A)), canJoin(shared, by(C))]).toEqual([false, true]);
      shared.start();
      expect(asked.map(authorsOf)).toEqual([[B, C]]);
    });

    it('is over when all have left, and asks nobody', () => {
      const shared = request(by(A));
      const heard = [join(shared, by(A)), join(shared, by(B))];
      for (const { subscription } of heard) subscription.unsubscribe();
      expect(overs).toBe(1);
      shared.start();
      expect(asked).toEqual([]);
      expect(canJoin(shared, by(A))).toBe(false);
    });

    it('is over when the only one had left before it joined', () => {
      const shared = request(by(A));
      const gone = new Observable<Packet>((subscriber) => {
        subscriber.complete();
        return riding(shared, by(A)).subscribe(subscriber);
      });
      gone.subscribe();
      expect(overs).toBe(1);
    });

    it('has room for 500 values, and for those that it has', () => {
      const authors = (from: number, count: number): string[] =>
        Array.from({ length: count }, (_, index) => (from + index).toString(16).padStart(64, '0'));
      const shared = request(by(A));
      join(shared, { authors: authors(0, 499), kinds: [1] });
      expect(shared.hasRoomFor(new Set(authors(498, 2)))).toBe(true);
      expect(shared.hasRoomFor(new Set(authors(498, 3)))).toBe(false);
      join(shared, { authors: authors(499, 1), kinds: [1] });
      expect(shared.hasRoomFor(new Set(authors(0, 500)))).toBe(true);
      expect(shared.hasRoomFor(new Set(authors(500, 1)))).toBe(false);

      const large = request(by(A));
      join(large, { authors: authors(0, 2_000), kinds: [1] });
      expect(large.hasRoomFor(new Set(authors(0, 2_000)))).toBe(true);
      expect(large.hasRoomFor(new Set(authors(0, 2_001)))).toBe(false);
    });
  });

  describe('for those who join later', () => {
    it('tells what was delivered, then how the relays stand, then what comes', async () => {
      const shared = request(by(A));
      join(shared, { ...by(A), authors: [A, B] });
      shared.start();
      deliver(note('1', A), note('2', B));
      answers.next(packetOf.gap());
      answers.next(packetOf.eose(0));
      deliver(note('3', A));
      const late = join(shared, by(A));
      await nextMicrotask();
      expect(words(late.values)).toEqual(['event 3', 'event 1', 'gap', 'eose 0']);
      deliver(note('4', B), note('5', A));
      answers.next(packetOf.lost(0));
      expect(words(late.values).slice(4)).toEqual(['event 5', 'lost silent 0']);
      expect(asked).toHaveLength(1);
    });

    it('tells nothing while they subscribe: they may not be ready for it', async () => {
      const shared = request({});
      join(shared, {});
      shared.start();
      deliver(note('1'));
      const late = join(shared, {});
      deliver(note('2'));
      answers.next(packetOf.eose(0));
      expect(late.values).toEqual([]);
      await nextMicrotask();
      expect(words(late.values)).toEqual(['event 1', 'event 2', 'eose 0']);
    });

    it('tells those who left at once nothing, and is over by that where they were the last', async () => {
      const shared = request({});
      const first = join(shared, {});
      shared.start();
      deliver(note('1'));
      const late = join(shared, {});
      first.subscription.unsubscribe();
      expect(isAsking).toBe(true);
      late.subscription.unsubscribe();
      await nextMicrotask();
      expect(late.values).toEqual([]);
      expect([isAsking, overs]).toEqual([false, 1]);
    });

    it('lets them leave in the middle of it', async () => {
      const shared = request({});
      join(shared, {});
      shared.start();
      deliver(note('1'), note('2'), note('3'));
      const late = hear(riding(shared, {}).pipe(take(1)));
      await nextMicrotask();
      expect([words(late.values), late.completed, isAsking]).toEqual([['event 3'], true, true]);
      deliver(note('4'));
      expect(late.values).toHaveLength(1);
    });

    it('tells what comes meanwhile afterwards', async () => {
      const shared = request({});
      const first = join(shared, {});
      shared.start();
      deliver(note('1'), note('2'));
      answers.next(packetOf.eose(0));
      const late: Packet[] = [];
      riding(shared, {}).subscribe((packet) => {
        late.push(packet);
        if (late.length !== 1) return;
        deliver(note('3'));
        answers.next(packetOf.lost(0));
      });
      await nextMicrotask();
      expect(words(late)).toEqual(['event 2', 'event 1', 'eose 0', 'event 3', 'lost silent 0']);
      expect(words(first.values).slice(3)).toEqual(['event 3', 'lost silent 0']);
    });

    it('counts the relays that were asked since the last word', async () => {
      const shared = request({});
      join(shared, {});
      shared.start();
      asking();
      answers.next(packetOf.eose(0));
      asking();
      asking();
      const late = join(shared, {});
      await nextMicrotask();
      expect(words(late.values)).toEqual(['eose 2']);
      answers.next(packetOf.lost(1));
      const later = join(shared, {});
      await nextMicrotask();
      expect(words(later.values)).toEqual(['lost silent 1']);
    });

    it('can be joined by those alone who ask for what is asked for', () => {
      const shared = request(by(A));
      const both = join(shared, { ...by(A), authors: [A, B] });
      join(shared, by(A));
      shared.start();
      expect([A, B, C].map((author) => canJoin(shared, by(author)))).toEqual([true, true, false]);
      expect(canJoin(shared, { ...by(A), authors: [A, C] })).toBe(false);
      // It is still asked for.
      both.subscription.unsubscribe();
      expect(canJoin(shared, by(B))).toBe(true);
    });

    it('cannot be joined when what was delivered is remembered no longer', () => {
      const shared = request({});
      join(shared, {});
      shared.start();
      deliver(note('1'));
      expect(canJoin(shared, {})).toBe(true);
      remembered.clear();
      expect(canJoin(shared, {})).toBe(false);
    });
  });

  describe('whatever one of them does while it is told something', () => {
    /** The second of three does something when it hears for the first time; gives what all hear. */
    const three = (shared: SharedRequest, act: (heard: Heard<Packet>[]) => void) => {
      const heard: Heard<Packet>[] = [join(shared, {})];
      let acted = false;
      const second = new Observable<Packet>((subscriber) =>
        riding(shared, {}).subscribe((packet) => {
          subscriber.next(packet);
          if (acted) return;
          acted = true;
          act(heard);
        }),
      );
      heard.push(hear(second), join(shared, {}));
      shared.start();
      return () => heard.map(({ values }) => words(values));
    };

    it('it may leave', () => {
      const heard = three(request({}), ([, own]) => own?.subscription.unsubscribe());
      deliver(note('1'), note('2'));
      expect(heard()).toEqual([['event 1', 'event 2'], ['event 1'], ['event 1', 'event 2']]);
    });

    it('it may make others leave, who hear nothing any more', () => {
      const heard = three(request({}), ([first, , last]) => {
        first?.subscription.unsubscribe();
        last?.subscription.unsubscribe();
      });
      deliver(note('1'), note('2'));
      expect(heard()).toEqual([['event 1'], ['event 1', 'event 2'], []]);
    });

    it('it may make all leave: nothing is asked any more', () => {
      const heard = three(request({}), (all) => all.forEach(({ subscription }) => subscription.unsubscribe()));
      deliver(note('1'), note('2'));
      expect(heard()).toEqual([['event 1'], ['event 1'], []]);
      expect([isAsking, overs]).toEqual([false, 1]);
    });

    it('it may ask again: that hears of everything once', async () => {
      const shared = request({});
      let again: Heard<Packet> | undefined;
      const heard = three(shared, ([, own]) => {
        again = join(shared, {});
        own?.subscription.unsubscribe();
      });
      deliver(note('1'));
      await nextMicrotask();
      deliver(note('2'));
      expect(words(again?.values ?? [])).toEqual(['event 1', 'event 2']);
      expect(heard()).toEqual([['event 1', 'event 2'], ['event 1'], ['event 1', 'event 2']]);
      expect(asked).toHaveLength(1);
    });

    it('it may cause the next: all hear everything in one order', () => {
      const heard = three(request({}), () => {
        answers.next(packetOf.lost(0));
        deliver(note('2'));
      });
      deliver(note('1'), note('3'));
      const all = ['event 1', 'lost silent 0', 'event 2', 'event 3'];
      expect(heard()).toEqual([all, all, all]);
    });

    it('it may cause the end: all hear first what was told before it', () => {
      const heard: Heard<Packet>[] = [];
      const act = (all: Heard<Packet>[]): void => {
        heard.push(...all);
        answers.next(packetOf.lost(0));
        answers.complete();
      };
      const said = three(request({}), act);
      deliver(note('1'));
      expect(said()).toEqual(Array(3).fill(['event 1', 'lost silent 0']));
      expect(heard.map(({ completed }) => completed)).toEqual([true, false, true]);
      expect([isAsking, overs]).toEqual([false, 1]);
    });

    it('it may throw', async () => {
      const shared = request({});
      const problem = new Error('mine');
      const heard = three(shared, () => {
        throw problem;
      });
      deliver(note('1'), note('2'));
      expect(heard()).toEqual(Array(3).fill(['event 1', 'event 2']));
      expect(await unhandled.reported()).toEqual([problem]);
    });
  });

  describe('at its end', () => {
    it('completes for all, also for those who have heard nothing yet', async () => {
      const shared = request({});
      const early = join(shared, {});
      shared.start();
      deliver(note('1'));
      const late = join(shared, {});
      answers.complete();
      await nextMicrotask();
      expect([early, late].map(({ completed }) => completed)).toEqual([true, true]);
      expect(late.values).toEqual([]);
      expect([canJoin(shared, {}), overs]).toEqual([false, 1]);
    });

    it('errors for all', () => {
      const shared = request(by(A));
      const heard = [join(shared, by(A)), join(shared, by(B))];
      shared.start();
      const problem = new Error('no relays');
      answers.error(problem);
      expect(heard.map(({ error }) => error)).toEqual([problem, problem]);
      expect([canJoin(shared, by(A)), overs]).toEqual([false, 1]);
    });

    it.each(['complete', 'error'] as const)('reaches all (%s), though what one does at its end throws', async (end) => {
      const shared = request({});
      const problem = new Error('no relays');
      const heard = [
        join(shared, {}),
        hear(
          riding(shared, {}).pipe(
            finalize(() => {
              throw new Error('mine');
            }),
          ),
        ),
        join(shared, {}),
      ];
      shared.start();
      if (end === 'complete') answers.complete();
      else answers.error(problem);
      for (const each of heard) {
        expect([each.completed, each.error]).toEqual(end === 'complete' ? [true, undefined] : [false, problem]);
      }
      expect(await unhandled.reported()).toHaveLength(1);
      expect([canJoin(shared, {}), overs]).toEqual([false, 1]);
    });

    it('is over before anybody hears of it, so that who asks again begins anew', () => {
      const shared = request({});
      const joinable: boolean[] = [];
      riding(shared, {}).subscribe({ complete: () => joinable.push(canJoin(shared, {})) });
      shared.start();
      answers.complete();
      expect(joinable).toEqual([false]);
    });

    it('comes with the last who leaves, and no sooner', () => {
      const shared = request(by(A));
      const [one, other] = [join(shared, by(A)), join(shared, by(B))];
      shared.start();
      one.subscription.unsubscribe();
      expect([isAsking, overs]).toEqual([true, 0]);
      other.subscription.unsubscribe();
      expect([isAsking, overs]).toEqual([false, 1]);
      expect(canJoin(shared, by(A))).toBe(false);
    });

    it('reaches a source that answers at once', () => {
      let said = 0;
      source = new Observable((subscriber) => {
        for (; said < 10 && !subscriber.closed; said++) subscriber.next(packetOf.eose(0));
      });
      const shared = request({});
      const heard = hear(riding(shared, {}).pipe(take(2)));
      shared.start();
      expect([heard.values.length, said, overs]).toEqual([2, 2, 1]);
    });

    it('is the same for a source that ends at once', () => {
      source = new Observable((subscriber) => subscriber.complete());
      const shared = request({});
      const heard = join(shared, {});
      shared.start();
      expect([heard.completed, overs, canJoin(shared, {})]).toEqual([true, 1, false]);
    });
  });
});
