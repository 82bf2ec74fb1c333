import { of, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { events } from '../../src/operators/events.ts';
import { marbles } from '../support/marbles.ts';
import { anEvent, packetOf } from '../support/packets.ts';

const [a, b] = [anEvent('a'), anEvent('b')];
const packets = {
  a: packetOf.event(a),
  b: packetOf.event(b),
  e: packetOf.eose(1),
  c: packetOf.closed(0),
  l: packetOf.lost(0),
  g: packetOf.gap(),
};

describe('events', () => {
  it('passes the events of event packets and nothing of the others', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-e-g-l-c-b-|', packets);
      expectObservable(source.pipe(events())).toBe('-a---------b-|', { a, b });
      expectSubscriptions(source.subscriptions).toBe('^------------!');
    });
  });

  it('passes an error on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#', packets);
      expectObservable(source.pipe(events())).toBe('-a-#', { a });
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('unsubscribes from the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-b-a-', packets);
      expectObservable(source.pipe(events()), '^---!').toBe('-a-b-', { a, b });
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('serves two sources, synchronous ones too', () => {
    const operator = events();
    const seen: unknown[] = [];
    of(packets.a, packets.e, packets.b)
      .pipe(operator, take(1))
      .subscribe((event) => seen.push(event));
    of(packets.e, packets.b)
      .pipe(operator, toArray())
      .subscribe((all) => seen.push(all));
    expect(seen).toEqual([a, [b]]);
  });
});
