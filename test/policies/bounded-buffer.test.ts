import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedBuffer, BufferOverflowError } from '../../src/policies/bounded-buffer.ts';

describe('BoundedBuffer', () => {
  it('gives back what it was given, in order', () => {
    const buffer = new BoundedBuffer<number>(3, 'error');
    for (const value of [1, 2]) buffer.push(value);
    expect([buffer.take(), buffer.size]).toEqual([1, 1]);
    for (const value of [3, 4]) buffer.push(value);
    expect(buffer.takeAll()).toEqual([2, 3, 4]);
    expect([buffer.take(), buffer.size, buffer.dropped]).toEqual([undefined, 0, 0]);
  });

  it('says what is to be done where it is full', () => {
    const buffer = new BoundedBuffer<number>(1, 'error');
    buffer.push(1);
    expect(() => buffer.push(2)).toThrow(BufferOverflowError);
    expect(() => buffer.push(2)).toThrow(/More than 1 values waited.*pause the source/);
    expect(buffer.takeAll()).toEqual([1]);
  });

  it.each([[0], [1.5], [Number.NaN], [Infinity]])('refuses a capacity of %s', (capacity) => {
    expect(() => new BoundedBuffer(capacity, 'error')).toThrow(RangeError);
  });

  it('does as an array would', () => {
    const overflow = fc.constantFrom('drop-oldest' as const, 'drop-newest' as const);
    const step = fc.oneof(fc.constant('push' as const), fc.constant('take' as const), fc.constant('all' as const));
    fc.assert(
      fc.property(overflow, fc.integer({ min: 1, max: 5 }), fc.array(step), (what, capacity, steps) => {
        const buffer = new BoundedBuffer<number>(capacity, what);
        let model: number[] = [];
        let dropped = 0;
        steps.forEach((name, value) => {
          if (name === 'take') expect(buffer.take()).toBe(model.shift());
          else if (name === 'all') {
            expect(buffer.takeAll()).toEqual(model);
            model = [];
          } else {
            buffer.push(value);
            model.push(value);
            if (model.length > capacity) {
              dropped++;
              if (what === 'drop-oldest') model.shift();
              else model.pop();
            }
          }
          expect([buffer.size, buffer.dropped]).toEqual([model.length, dropped]);
        });
      }),
    );
  });
});
