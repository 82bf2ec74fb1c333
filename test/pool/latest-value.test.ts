import { finalize, Observable, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { LatestValue } from '../../src/pool/latest-value.ts';

describe('LatestValue', () => {
  it('is what it begins with until the stream, once somebody listens, says more', () => {
    const source = new Subject<string>();
    const latest = new LatestValue(source, 'initial');
    expect(source.observed).toBe(false);
    const told: string[] = [];
    latest.subscribe(() => told.push(latest.get()));
    expect(latest.get()).toBe('initial');
    source.next('a');
    source.next('b');
    expect(told).toEqual(['a', 'b']);
    expect(latest.get()).toBe('b');
  });

  it('subscribes with the first listener, once for all, and leaves with the last', () => {
    let [started, stopped] = [0, 0];
    const source = new Observable<string>(() => void started++).pipe(finalize(() => stopped++));
    const latest = new LatestValue(source, 'initial');
    const ends = [latest.subscribe(() => undefined), latest.subscribe(() => undefined)];
    expect([started, stopped]).toEqual([1, 0]);
    ends[0]?.();
    expect([started, stopped]).toEqual([1, 0]);
    ends[1]?.();
    expect([started, stopped]).toEqual([1, 1]);
    latest.subscribe(() => undefined);
    expect([started, stopped]).toEqual([2, 1]);
  });

  it('keeps its value while nobody listens', () => {
    const source = new Subject<string>();
    const latest = new LatestValue(source, 'initial');
    const end = latest.subscribe(() => undefined);
    source.next('a');
    end();
    source.next('unheard');
    expect(latest.get()).toBe('a');
  });

  it('tells of an error, throws it to who reads, and forgets it with the next first listener', () => {
    const sources = [new Subject<string>(), new Subject<string>()];
    let index = 0;
    const latest = new LatestValue(
      new Observable<string>((subscriber) => sources[index++]?.subscribe(subscriber)),
      'initial',
    );
    let told = 0;
    latest.subscribe(() => told++);
    const error = new Error('broken');
    sources[0]?.error(error);
    expect(told).toBe(1);
    expect(() => latest.get()).toThrow(error);
    latest.subscribe(() => told++);
    expect(latest.get()).toBe('initial');
  });
});
