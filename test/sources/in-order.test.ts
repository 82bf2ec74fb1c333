import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gate } from '../../src/sources/gate.ts';
import { InOrder, type Place } from '../../src/sources/in-order.ts';
import { heapInUse } from '../support/heap.ts';

type Fill = (run: () => void) => void;

/** A place that is filled with what it is to run; `start` is handed the function that does. */
function placeIn(order: InOrder, start: (fill: Fill) => void, weight = 0): Place {
  const place = {
    weight,
    isReady: false,
    run: (): void => undefined,
    start: () =>
      start((run) => {
        place.isReady = true;
        place.run = run;
        order.goOn();
      }),
  };
  return place;
}

function setUp() {
  const order = new InOrder();
  const said: string[] = [];
  /** The places that were started and are not filled yet, by name. */
  const open = new Map<string, Fill>();
  const reserve = (name: string): void => order.reserve(placeIn(order, (fill) => open.set(name, fill)));
  const fill = (name: string): void => {
    const ready = open.get(name);
    open.delete(name);
    if (!ready) throw new Error(`${name} was not started`);
    ready(() => said.push(name));
  };
  return { order, said, open, reserve, fill, push: (name: string) => order.push(() => said.push(name)) };
}

/** Apart from the test, as a function that waits keeps its variables alive. */
function fiveDoneBeforeOne(): { readonly order: InOrder; readonly done: readonly WeakRef<Place>[] } {
  const order = new InOrder();
  const fills: Fill[] = [];
  const done = Array.from({ length: 5 }, () => {
    const place = placeIn(order, (fill) => fills.push(fill));
    order.reserve(place);
    return new WeakRef(place);
  });
  order.reserve(placeIn(order, () => undefined));
  for (const fill of fills.splice(0)) fill(() => undefined);
  return { order, done };
}

describe('InOrder', () => {
  it('does not keep alive what is done, while others wait behind it', async () => {
    const { order, done } = fiveDoneBeforeOne();
    await heapInUse();
    expect(order.waiting).toBe(1);
    expect(done.map((place) => place.deref())).toEqual(Array(5).fill(undefined));
  });

  it('runs at once what has nothing before it', () => {
    const { push, said, order } = setUp();
    push('a');
    push('b');
    expect(said).toEqual(['a', 'b']);
    expect(order.waiting).toBe(0);
  });

  it('keeps the order in which the places were taken, whatever the order in which they are filled', () => {
    const { push, reserve, fill, said, order } = setUp();
    reserve('a');
    reserve('b');
    push('c');
    reserve('d');
    expect(order.waiting).toBe(4);
    fill('b');
    fill('d');
    expect(said).toEqual([]);
    fill('a');
    expect(said).toEqual(['a', 'b', 'c', 'd']);
    expect(order.waiting).toBe(0);
    push('e');
    expect(said.at(-1)).toBe('e');
  });

  it('goes up to the first place that is not filled', () => {
    const { reserve, fill, said, order, push } = setUp();
    for (const name of ['a', 'b', 'c']) reserve(name);
    push('d');
    fill('a');
    expect(said).toEqual(['a']);
    fill('c');
    expect(said).toEqual(['a']);
    expect(order.waiting).toBe(3);
    fill('b');
    expect(said).toEqual(['a', 'b', 'c', 'd']);
  });

  it('starts the work of the first 256 places only, and more as they are done', () => {
    const { reserve, fill, said, open, push } = setUp();
    for (let n = 0; n < 600; n++) reserve(`${n}`);
    push('end');
    expect([...open.keys()]).toEqual(Array.from({ length: 256 }, (_, n) => `${n}`));
    fill('255');
    expect(open.has('256')).toBe(false);
    fill('0');
    expect(open.has('256')).toBe(true);
    expect(open.has('257')).toBe(false);
    for (let n = 1; n < 600; n++) if (n !== 255) fill(`${n}`);
    expect(said).toEqual([...Array.from({ length: 600 }, (_, n) => `${n}`), 'end']);
  });

  it('takes any number of places that are filled at once', () => {
    const { order, push, reserve, fill } = setUp();
    const said: number[] = [];
    reserve('first');
    for (let n = 0; n < 100_000; n++) order.reserve(placeIn(order, (ready) => ready(() => said.push(n))));
    push('end');
    fill('first');
    expect(said).toHaveLength(100_000);
    expect(said.every((n, index) => n === index)).toBe(true);
    expect(order.waiting).toBe(0);
  });

  it('runs nothing any more of what was given up, and goes on with what comes after', () => {
    const { order, push, reserve, fill, said } = setUp();
    reserve('a');
    reserve('b');
    push('c');
    order.clear();
    expect(order.waiting).toBe(0);
    fill('a');
    push('d');
    reserve('e');
    fill('b');
    fill('e');
    expect(said).toEqual(['d', 'e']);
  });

  it('can be cleared by what it runs', () => {
    const { order, push, reserve, fill, said } = setUp();
    reserve('a');
    order.push(() => order.clear());
    push('never');
    reserve('never');
    fill('a');
    expect(said).toEqual(['a']);
    push('b');
    expect(said).toEqual(['a', 'b']);
  });

  it('may be given more by what it runs', () => {
    const { order, reserve, fill, said, push } = setUp();
    reserve('a');
    order.push(() => {
      said.push('b');
      push('d');
      reserve('e');
      fill('e');
    });
    push('c');
    fill('a');
    expect(said).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('goes on after work that throws where it starts', () => {
    const { order, push, reserve, fill, said } = setUp();
    expect(() =>
      order.reserve(
        placeIn(order, () => {
          throw new Error('not started');
        }),
      ),
    ).toThrow('not started');
    order.clear();
    reserve('a');
    fill('a');
    push('b');
    expect(said).toEqual(['a', 'b']);
  });

  it('agrees with a plain list, whatever happens', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant('push' as const) },
      { weight: 4, arbitrary: fc.constant('reserve' as const) },
      { weight: 5, arbitrary: fc.nat(2_000) },
      { weight: 1, arbitrary: fc.constant('many' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const order = new InOrder();
        const said: number[] = [];
        const open = new Map<number, Fill>();
        let taken = 0;
        const take = (ready: boolean): void => {
          const n = taken++;
          if (ready) order.push(() => said.push(n));
          else order.reserve(placeIn(order, (fill) => open.set(n, fill)));
        };
        for (const what of steps) {
          if (what === 'push') take(true);
          else if (what === 'reserve') take(false);
          else if (what === 'many') for (let n = 0; n < 300; n++) take(false);
          else {
            const chosen = [...open.keys()][what % Math.max(1, open.size)];
            if (chosen === undefined) continue;
            open.get(chosen)?.(() => said.push(chosen));
            open.delete(chosen);
          }
          // All that was said is the beginning of what was taken, and nothing open is behind it.
          expect(said).toEqual(Array.from({ length: said.length }, (_, n) => n));
          expect(order.waiting).toBe(taken - said.length);
          expect(open.size).toBeLessThanOrEqual(256);
        }
        for (let [first] = open; first; [first] = open) {
          open.delete(first[0]);
          first[1](() => said.push(first?.[0] ?? -1));
        }
        expect(said).toHaveLength(taken);
      }),
      { numRuns: 200 },
    );
  });
});

describe('InOrder behind a gate', () => {
  function behindGate() {
    const gate = new Gate();
    const order = new InOrder(gate);
    const said: string[] = [];
    const push = (name: string, weight = 1): void => order.push(() => said.push(name), weight);
    return { gate, order, said, push };
  }

  it('runs nothing while it is closed, and all in order when it opens', () => {
    const { gate, order, said, push } = behindGate();
    gate.isOpen = false;
    let fill: Fill | undefined;
    order.reserve(placeIn(order, (ready) => (fill = ready), 3));
    push('b', 2);
    expect([order.waiting, order.weight, order.isFree]).toEqual([2, 5, false]);
    fill?.(() => said.push('a'));
    expect(said).toEqual([]);
    gate.isOpen = true;
    expect(said).toEqual(['a', 'b']);
    expect([order.waiting, order.weight, order.isFree]).toEqual([0, 0, true]);
  });

  it('stops between two when what runs closes it', () => {
    const { gate, order, said, push } = behindGate();
    gate.isOpen = false;
    push('a');
    order.push(() => (gate.isOpen = false), 1);
    push('b');
    gate.isOpen = true;
    expect(said).toEqual(['a']);
    expect(order.weight).toBe(1);
    gate.isOpen = true;
    expect(said).toEqual(['a', 'b']);
  });

  it('starts the work that waited for room when it opens', () => {
    const { gate, order, said } = behindGate();
    gate.isOpen = false;
    for (let name = 0; name < 600; name++)
      order.reserve(placeIn(order, (ready) => ready(() => said.push(`${name}`)), 1));
    expect(order.waiting).toBe(600);
    gate.isOpen = true;
    expect(said).toEqual(Array.from({ length: 600 }, (_, name) => `${name}`));
  });

  it('runs nothing that was given up', () => {
    const { gate, order, said, push } = behindGate();
    gate.isOpen = false;
    push('a');
    order.clear();
    gate.isOpen = true;
    expect(said).toEqual([]);
    expect(order.weight).toBe(0);
  });
});
