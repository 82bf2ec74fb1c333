import { asyncScheduler, concatMap, debounceTime, from, interval, map, Subject, take, timer, timeout } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { seededRandom, VirtualTime } from '../../src/testing/index.ts';

const start = Date.UTC(2026, 0, 1);

describe('VirtualTime', () => {
  it('starts at a fixed time, or where told', () => {
    expect(new VirtualTime().now()).toBe(start);
    expect(new VirtualTime({ epoch: 5_000 }).now()).toBe(5_000);
  });

  it('stands still until told to move', async () => {
    const time = new VirtualTime();
    let ran = false;
    time.schedule(() => (ran = true));
    await new Promise((resolve) => asyncScheduler.schedule(() => resolve(undefined), 5));
    expect(ran).toBe(false);
    expect(time.now()).toBe(start);
    await time.advance(0);
    expect(ran).toBe(true);
  });

  it('runs what is due in the order of time, then of scheduling, each at its own time', async () => {
    const time = new VirtualTime();
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(`${name}@${time.now() - start}`);
    time.schedule(note('c'), 20);
    time.schedule(note('a'), 10);
    time.schedule(note('b'), 10);
    time.schedule(note('at the end'), 30);
    time.schedule(note('beyond'), 31);
    await time.advance(30);
    expect(ran).toEqual(['a@10', 'b@10', 'c@20', 'at the end@30']);
    expect(time.now() - start).toBe(30);
    await time.advance(1);
    expect(ran.at(-1)).toBe('beyond@31');
  });

  it('keeps twenty thousand pieces of work in order that are in flight at a time', async () => {
    const time = new VirtualTime();
    const random = seededRandom(1);
    const ran: (readonly [at: number, n: number])[] = [];
    const delays = Array.from({ length: 20_000 }, () => Math.floor(random() * 5_000));
    delays.forEach((delay, n) => time.schedule(() => ran.push([time.now() - start, n]), delay));
    expect(time.actions).toHaveLength(20_000);
    await time.advance(5_000);
    expect(ran).toEqual(delays.map((delay, n) => [delay, n] as const).sort(([a, n], [b, m]) => a - b || n - m));
    expect(time.actions).toEqual([]);
  });

  it('can be flushed like any virtual scheduler, and keeps what is behind work that throws', () => {
    const time = new VirtualTime();
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(`${name}@${time.now() - start}`);
    const failure = new Error('broken');
    for (const at of [30, 10, 20]) time.schedule(note('work'), at);
    time.schedule(() => {
      time.schedule(note('more'), 5);
      throw failure;
    }, 20);
    expect(() => time.flush()).toThrow(failure);
    expect(ran).toEqual(['work@10', 'work@20']);
    time.flush();
    expect(ran).toEqual(['work@10', 'work@20', 'more@25', 'work@30']);
    expect(time.actions).toEqual([]);
  });

  it('runs work that is scheduled while it runs, within the same span', async () => {
    const time = new VirtualTime();
    const ran: number[] = [];
    time.schedule(function () {
      ran.push(time.now() - start);
      this.schedule(undefined, 10);
    }, 10);
    await time.advance(35);
    expect(ran).toEqual([10, 20, 30]);
  });

  it('lets promises settle between two pieces of work, however long their chain', async () => {
    const time = new VirtualTime();
    const ran: string[] = [];
    const slow = async (): Promise<void> => {
      for (let n = 0; n < 500; n += 1) await Promise.resolve();
      ran.push('chain');
      time.schedule(() => ran.push('scheduled by the chain'), 5);
    };
    time.schedule(() => void slow(), 10);
    time.schedule(() => ran.push('later work'), 10);
    time.schedule(() => ran.push('much later'), 20);
    await time.advance(20);
    expect(ran).toEqual(['chain', 'later work', 'scheduled by the chain', 'much later']);
  });

  it('does not run what was cancelled', async () => {
    const time = new VirtualTime();
    let ran = 0;
    const first = time.schedule(() => (ran += 1), 10);
    const second = time.schedule(() => (ran += 10), 10);
    time.schedule(() => second.unsubscribe(), 5);
    first.unsubscribe();
    await time.advance(100);
    expect(ran).toBe(0);
  });

  it('drives the operators of RxJS', async () => {
    const time = new VirtualTime();
    const seen: unknown[] = [];
    const words = new Subject<string>();
    words.pipe(debounceTime(100, time)).subscribe((word) => seen.push(word));
    interval(40, time)
      .pipe(
        take(3),
        map((n) => `word ${n}`),
      )
      .subscribe(words);
    timer(new Date(start + 1_000), time).subscribe(() => seen.push('a date'));
    from(new Promise(() => undefined))
      .pipe(timeout({ each: 2_000, scheduler: time }))
      .subscribe({ error: (error: Error) => seen.push(error.name) });
    timer(0, time)
      .pipe(concatMap(() => Promise.resolve('a promise')))
      .subscribe((value) => seen.push(value));
    await time.advance(3_000);
    expect(seen).toEqual(['a promise', 'word 2', 'a date', 'TimeoutError']);
  });

  it('rejects with what the work threw, at the time where it threw, and keeps the rest', async () => {
    const time = new VirtualTime();
    const failure = new Error('broken');
    let ran = false;
    time.schedule(() => {
      throw failure;
    }, 10);
    time.schedule(() => (ran = true), 10);
    await expect(time.advance(100)).rejects.toBe(failure);
    expect(time.now() - start).toBe(10);
    expect(ran).toBe(false);
    await time.advance(0);
    expect(ran).toBe(true);
  });

  it('refuses spans that are none, and two runs at once', async () => {
    const time = new VirtualTime();
    for (const span of [-1, NaN, Infinity]) await expect(time.advance(span)).rejects.toThrow(RangeError);
    const running = time.advance(10);
    await expect(time.advance(10)).rejects.toThrow('already running');
    await running;
    expect(time.now() - start).toBe(10);
  });

  it('does not hang on work that reschedules itself without a delay', async () => {
    const time = new VirtualTime({ maximumPerInstant: 1_000 });
    time.schedule(function () {
      this.schedule(undefined, 0);
    });
    await expect(time.advance(1)).rejects.toThrow('without a delay');
  });

  it('settles: runs until idle, and the clock stands where the last work ran', async () => {
    const time = new VirtualTime();
    let ran = 0;
    interval(1_000, time)
      .pipe(take(5))
      .subscribe(() => (ran += 1));
    expect(await time.settle()).toBe(true);
    expect(ran).toBe(5);
    expect(time.now() - start).toBe(5_000);
  });

  it('settles no longer than its limit, and says so', async () => {
    const time = new VirtualTime();
    let ran = 0;
    interval(1_000, time).subscribe(() => (ran += 1));
    expect(await time.settle(3_500)).toBe(false);
    expect(ran).toBe(3);
    expect(time.now() - start).toBe(3_500);
  });

  it('runs until a condition holds, no further', async () => {
    const time = new VirtualTime();
    let ran = 0;
    interval(1_000, time).subscribe(() => (ran += 1));
    await time.until(() => ran === 2);
    expect(time.now() - start).toBe(2_000);
    await expect(time.until(() => ran === 100, 5_000)).rejects.toThrow('did not hold within 5000 ms');
    expect(time.now() - start).toBe(7_000);
  });

  it('lets a day of frequent work pass within a test', async () => {
    const time = new VirtualTime();
    let ran = 0;
    interval(5_000, time).subscribe(() => (ran += 1));
    await time.advance(86_400_000);
    expect(ran).toBe(17_280);
  });
});
