import { concat, map, NEVER, Observable, of, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { untilSettled } from '../../src/operators/until-settled.ts';
import { gather as gatherChoices } from '../../src/pool/gather.ts';
import type { Answer } from '../../src/pool/answer.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import { relay, type Relay } from '../../src/sources/relay.ts';
import { marbles } from '../support/marbles.ts';
import { anEvent } from '../support/packets.ts';

/** Relays that nobody dials: the pipe knows them by their URLs alone. */
const [a, b, c] = ['a', 'b', 'c'].map((name) => relay(`wss://${name}.example`)) as [Relay, Relay, Relay];
const routes = { n: [], a: [a], b: [b], x: [a, b], y: [b, c], z: [a, b, c] };

/** Packets in one letter, marked by their relay: `e` event, `s` eose that settles, `g` gap. */
const answer = (from: Relay) => ({
  e: { packet: { type: 'event', relay: from.url, event: anEvent('1') }, settles: false } satisfies Answer,
  s: { packet: { type: 'eose', relay: from.url }, settles: true } satisfies Answer,
  g: { packet: { type: 'gap', relay: from.url, since: 1, until: 2 }, settles: false } satisfies Answer,
});
/** `eose a 1`: what, from whom, and how many are still awaited. */
const word = (packet: Packet): string => {
  const what = packet.type === 'lost' ? packet.error.code : packet.type;
  const pending = 'pending' in packet ? ` ${packet.pending}` : '';
  return `${what} ${new URL(packet.relay).hostname[0]}${pending}`;
};
/** For routes that choose relays for all of a request. */
function gather(route: Observable<readonly Relay[]>, ask: (relay: Relay) => Observable<Answer>): Observable<Packet> {
  const choices$ = route.pipe(map((relays) => relays.map((relay) => ({ relay }))));
  return gatherChoices(choices$, ({ relay }) => ask(relay));
}
/** The relays that are being asked, for `send`. */
function senders(answers: ReadonlyMap<Relay, Observable<Answer>>) {
  return (to: Relay): Observable<Answer> => {
    const stream = answers.get(to);
    if (!stream) throw new Error(`${to.url} should not be asked`);
    return stream;
  };
}
function words(stream: Observable<Packet>) {
  const said: string[] = [];
  const subscription = stream.subscribe({ next: (packet) => said.push(word(packet)), complete: () => said.push('|') });
  return { said, subscription };
}

describe('gather', () => {
  it('asks every relay of the route once, and says how many are awaited still', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const fromA = cold<Answer>('--e-s-e-|', answer(a));
      const fromB = cold<Answer>('---e--s-|', answer(b));
      const route = hot('         -x-------', routes);
      const packets = {
        e: { type: 'event', relay: a.url, event: anEvent('1') },
        f: { type: 'event', relay: b.url, event: anEvent('1') },
        s: { type: 'eose', relay: a.url, pending: 1 },
        t: { type: 'eose', relay: b.url, pending: 0 },
      };
      const send = senders(
        new Map([
          [a, fromA],
          [b, fromB],
        ]),
      );
      expectObservable(gather(route, send)).toBe('---efs-(et)-', packets);
      expectSubscriptions(fromA.subscriptions).toBe('  -^-------!');
      expectSubscriptions(fromB.subscriptions).toBe('  -^-------!');
    });
  });

  it('asks those that join, lets go of those that leave, and leaves the others alone', () => {
    marbles(({ cold, hot, expectSubscriptions, expectObservable }) => {
      const fromA = cold<Answer>('e-----------', answer(a));
      const fromB = cold<Answer>('------------', answer(b));
      const fromC = cold<Answer>('------------', answer(c));
      const route = hot('         -x--z--y--n-', routes);
      const packets = gather(
        route,
        senders(
          new Map([
            [a, fromA],
            [b, fromB],
            [c, fromC],
          ]),
        ),
      );
      expectObservable(packets, '^----------!');
      expectSubscriptions(fromA.subscriptions).toBe('-^-----!');
      expectSubscriptions(fromB.subscriptions).toBe('-^--------!');
      expectSubscriptions(fromC.subscriptions).toBe('----^-----!');
    });
  });

  it('reports who leaves unsettled, and does not speak of those who had settled', () => {
    const route = new Subject<readonly Relay[]>();
    const answers = new Map([
      [a, new Subject<Answer>()],
      [b, new Subject<Answer>()],
      [c, new Subject<Answer>()],
    ]);
    const { said } = words(gather(route, senders(answers)));
    route.next([a, b, c]);
    answers.get(a)?.next(answer(a).s);
    route.next([c]);
    expect(said).toEqual(['eose a 2', 'removed b 1']);
    answers.get(b)?.next(answer(b).s);
    answers.get(c)?.next(answer(c).s);
    expect(said).toEqual(['eose a 2', 'removed b 1', 'eose c 0']);
  });

  it('asks a relay again that left and came back, and awaits it again', () => {
    const route = new Subject<readonly Relay[]>();
    const answers = new Subject<Answer>();
    const { said } = words(gather(route, () => answers));
    route.next([a]);
    answers.next(answer(a).s);
    route.next([]);
    expect(answers.observed).toBe(false);
    route.next([a]);
    expect(answers.observed).toBe(true);
    route.next([a, b]);
    route.next([a]);
    expect(said).toEqual(['eose a 0', 'removed b 1']);
  });

  it('completes with the route, after word of those that were still awaited', () => {
    const route = new Subject<readonly Relay[]>();
    const answers = new Map([
      [a, new Subject<Answer>()],
      [b, new Subject<Answer>()],
    ]);
    const { said } = words(gather(route, senders(answers)));
    route.next([a, b]);
    answers.get(a)?.next(answer(a).s);
    route.complete();
    expect(said).toEqual(['eose a 1', 'pool-closed b 0', '|']);
    expect([...answers.values()].some((subject) => subject.observed)).toBe(false);
  });

  it('a relay that settled, then lost its connection and settles again is counted once', () => {
    const route = new Subject<readonly Relay[]>();
    const answers = new Map([
      [a, new Subject<Answer>()],
      [b, new Subject<Answer>()],
    ]);
    const { said } = words(gather(route, senders(answers)));
    route.next([a, b]);
    answers.get(a)?.next(answer(a).s);
    answers.get(a)?.next(answer(a).s);
    answers.get(b)?.next(answer(b).g);
    expect(said).toEqual(['eose a 1', 'eose a 1', 'gap b']);
  });

  it('passes an error of the route on, and lets everybody go', () => {
    const route = new Subject<readonly Relay[]>();
    const answers = new Subject<Answer>();
    let failure: unknown;
    gather(route, () => answers).subscribe({ error: (error) => (failure = error) });
    route.next([a, b]);
    route.error(new Error('no route'));
    expect(failure).toEqual(new Error('no route'));
    expect(answers.observed).toBe(false);
  });

  it('lets everybody go on unsubscribe', () => {
    const answers = new Subject<Answer>();
    const { subscription } = words(gather(new Subject<readonly Relay[]>(), () => answers));
    subscription.unsubscribe();
    expect(answers.observed).toBe(false);
    const route = new Subject<readonly Relay[]>();
    const other = words(gather(route, () => answers));
    route.next([a, b, c]);
    other.subscription.unsubscribe();
    expect(answers.observed).toBe(false);
    expect(route.observed).toBe(false);
  });

  it('keeps hold of nobody when an answer comes while it is being asked for and ends the request', () => {
    // As a relay answers that is known to be down: at once.
    const asked: Relay[] = [];
    const later = new Subject<Answer>();
    const send = (to: Relay): Observable<Answer> => {
      asked.push(to);
      return concat(of(answer(to).s), later);
    };
    const route = new Subject<readonly Relay[]>();
    const { said } = words(gather(route, send).pipe(untilSettled()));
    route.next([a]);
    expect(said).toEqual(['eose a 0', '|']);
    expect(later.observed).toBe(false);
    expect(route.observed).toBe(false);

    const first = words(gather(route, send).pipe(take(1)));
    asked.length = 0;
    route.next([a, b, c]);
    expect(first.said).toEqual(['eose a 2', '|']);
    expect(asked).toEqual([a]);
    expect(later.observed).toBe(false);
  });

  it('keeps hold of nobody who is removed by what its own answer brings about', () => {
    const later = new Subject<Answer>();
    const route = new Subject<readonly Relay[]>();
    const send = (to: Relay): Observable<Answer> => concat(of(answer(to).s), later);
    const said: string[] = [];
    const subscription = gather(route, send).subscribe((packet) => {
      said.push(word(packet));
      route.next([]);
    });
    route.next([a]);
    expect(said).toEqual(['eose a 0']);
    expect(later.observed).toBe(false);
    subscription.unsubscribe();
  });

  it('asks the rest when the answer of one brings about that another leaves, or leaves and comes back', () => {
    const asked: string[] = [];
    const route = new Subject<readonly Relay[]>();
    const packets = gather(route, (to) => {
      asked.push(to.url);
      return to === a ? concat(of(answer(to).s), NEVER) : NEVER;
    });
    const said: string[] = [];
    let reroutes = [
      [a, c],
      [a, b, c],
    ];
    const subscription = packets.subscribe((packet) => {
      said.push(word(packet));
      if (packet.type !== 'eose') return;
      const now = reroutes;
      reroutes = [];
      for (const relays of now) route.next(relays);
    });
    route.next([a, b, c]);
    expect(asked.sort()).toEqual([a.url, b.url, c.url]);
    expect(said).toEqual(['eose a 2', 'removed b 1']);
    subscription.unsubscribe();
  });

  it('follows the latest word when what is said of one who leaves brings about another choice', () => {
    const asked = new Map<Relay, number>();
    const answers = new Map([a, b, c].map((relay) => [relay, new Subject<Answer>()]));
    const route = new Subject<readonly Relay[]>();
    const said: string[] = [];
    const subscription = gather(route, (to) => {
      asked.set(to, (asked.get(to) ?? 0) + 1);
      return senders(answers)(to);
    }).subscribe((packet) => {
      said.push(word(packet));
      // While the choice without a and b is followed, b is wanted again, and c, too.
      if (said.length === 1) route.next([b, c]);
    });
    route.next([a, b]);
    route.next([]);
    expect(said).toEqual(['removed a 1']);
    expect([...answers.values()].map(({ observed }) => observed)).toEqual([false, true, true]);
    expect([...asked.values()]).toEqual([1, 1, 1]);
    answers.get(b)?.next(answer(b).s);
    answers.get(c)?.next(answer(c).s);
    expect(said).toEqual(['removed a 1', 'eose b 1', 'eose c 0']);
    subscription.unsubscribe();
    expect([...answers.values()].some(({ observed }) => observed)).toBe(false);
  });

  it('asks those that join by a choice although another follows while it is', () => {
    const answers = new Map([a, b, c].map((relay) => [relay, new Subject<Answer>()]));
    const route = new Subject<readonly Relay[]>();
    const said: string[] = [];
    const subscription = gather(route, senders(answers)).subscribe((packet) => {
      said.push(word(packet));
      if (said.length === 1) route.next([b, c]);
    });
    route.next([a]);
    route.next([b]);
    expect(said).toEqual(['removed a 1']);
    expect([...answers.values()].map(({ observed }) => observed)).toEqual([false, true, true]);
    subscription.unsubscribe();
  });
});

describe('gather, when a relay is to be asked something else', () => {
  const parts = (...kinds: readonly number[]) => kinds.map((kind) => ({ relay: a, filters: [{ kinds: [kind] }] }));

  /** What is asked of a relay, in the order of asking and letting go. */
  function aScene() {
    const log: string[] = [];
    const route = new Subject<readonly { relay: Relay; filters?: readonly Filter[] }[]>();
    const answers: Subject<Answer>[] = [];
    const packets = gatherChoices(route, ({ filters }) => {
      const what = JSON.stringify(filters ?? 'all');
      const stream = new Subject<Answer>();
      answers.push(stream);
      return new Observable((subscriber) => {
        log.push(`ask ${what}`);
        subscriber.add(stream.subscribe(subscriber));
        subscriber.add(() => log.push(`let go ${what}`));
      });
    });
    return { log, route, answers, ...words(packets) };
  }

  it('asks that before it lets go of the old, and awaits the new answer', () => {
    const { log, route, answers, said, subscription } = aScene();
    route.next(parts(1));
    answers[0]?.next(answer(a).s);
    route.next(parts(2));
    expect(log).toEqual(['ask [{"kinds":[1]}]', 'ask [{"kinds":[2]}]', 'let go [{"kinds":[1]}]']);
    expect(answers.map(({ observed }) => observed)).toEqual([false, true]);
    answers[1]?.next(answer(a).s);
    route.next([{ relay: a }]);
    expect(log.slice(3)).toEqual(['ask "all"', 'let go [{"kinds":[2]}]']);
    // No word of leaving: it stays.
    expect(said).toEqual(['eose a 0', 'eose a 0']);
    subscription.unsubscribe();
    expect(log.at(-1)).toBe('let go "all"');
    expect(answers.some(({ observed }) => observed)).toBe(false);
  });

  it('leaves it alone where the filters are the same, if by other names', () => {
    const { log, route, subscription } = aScene();
    route.next(parts(1));
    route.next(parts(1));
    expect(log).toEqual(['ask [{"kinds":[1]}]']);
    subscription.unsubscribe();
  });
});
