import { describe, expect, it } from 'vitest';
import { LatestWrites } from '../../src/durable-outbox/latest-writes.ts';

/** A store whose calls end when they are told to. */
function slowStore() {
  const calls: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const call = (words: string): Promise<void> => {
    calls.push(words);
    return new Promise((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve())));
  };
  const store = {
    put: (key: string, value: string) => call(`put ${key} ${value}`),
    delete: (key: string) => call(`delete ${key}`),
  };
  const end = async (error?: Error): Promise<void> => {
    ends.shift()?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { calls, store, end };
}

describe('LatestWrites', () => {
  it('writes of one key one after the other, the last wish at the end, and leaves out what was overtaken', async () => {
    const { calls, store, end } = slowStore();
    const writes = new LatestWrites(store);
    const done: string[] = [];
    const write = (value: string | undefined): void =>
      void writes.write('a', value).then(() => done.push(value ?? 'gone'));
    write('1');
    write('2');
    write('3');
    expect(calls).toEqual(['put a 1']);
    await end();
    expect(done).toEqual(['1']);
    expect(calls).toEqual(['put a 1', 'put a 3']);
    // While the second is being written, a third wish waits.
    write(undefined);
    write('4');
    await end();
    expect(done).toEqual(['1', '2', '3']);
    await end();
    expect(calls).toEqual(['put a 1', 'put a 3', 'put a 4']);
    expect(done).toEqual(['1', '2', '3', 'gone', '4']);
    write(undefined);
    expect(calls.at(-1)).toBe('delete a');
  });

  it('keys do not wait for each other', () => {
    const { calls, store } = slowStore();
    const writes = new LatestWrites(store);
    void writes.write('a', '1');
    void writes.write('b', undefined);
    expect(calls).toEqual(['put a 1', 'delete b']);
  });

  it('a write that fails fails for those who asked for it, not for the next', async () => {
    const { calls, store, end } = slowStore();
    const writes = new LatestWrites(store);
    const first = writes.write('a', '1').catch(String);
    const second = writes.write('a', '2').catch(String);
    await end(new Error('disk full'));
    expect(await first).toBe('Error: disk full');
    await end();
    expect(await second).toBeUndefined();
    expect(calls).toEqual(['put a 1', 'put a 2']);
  });

  it('a store that throws is one that rejects', async () => {
    const throws = (): never => {
      throw new Error('no store');
    };
    await expect(new LatestWrites({ put: throws, delete: throws }).write('a', '1')).rejects.toThrow('no store');
  });

  it('is idle when all is written, also what was wished for meanwhile', async () => {
    const { store, end } = slowStore();
    const writes = new LatestWrites(store);
    let isIdle = false;
    void writes.write('a', '1');
    void writes.write('a', '2');
    void writes.idle().then(() => (isIdle = true));
    await end();
    expect(isIdle).toBe(false);
    void writes.write('a', '3');
    await end();
    expect(isIdle).toBe(false);
    await end();
    expect(isIdle).toBe(true);
  });
});
