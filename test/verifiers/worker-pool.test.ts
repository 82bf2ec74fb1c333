import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { fakeEvent } from '../../src/testing/index.ts';
import { serveVerifier } from '../../src/verifiers/serve-verifier.ts';
import { type WorkerPoolOptions, workerPoolVerifier } from '../../src/verifiers/worker-pool.ts';
import type { VerifyAnswer, VerifyJob, WorkerPort } from '../../src/verifiers/worker-port.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';

/** A worker that answers and dies when told to. */
class FakeWorker implements WorkerPort {
  readonly jobs: VerifyJob[] = [];
  terminated = 0;
  #message: (message: unknown) => void = () => undefined;
  #error: (error: unknown) => void = () => undefined;

  postMessage(message: unknown): void {
    this.jobs.push(message as VerifyJob);
  }
  onMessage(handler: (message: unknown) => void): void {
    this.#message = handler;
  }
  onError(handler: (error: unknown) => void): void {
    this.#error = handler;
  }
  terminate(): void {
    this.terminated++;
  }
  answer(answer: VerifyAnswer): void {
    this.#message(answer);
  }
  /** Answers its job number `index` with yes. */
  yes(index = 0): void {
    const job = this.jobs[index];
    if (job) this.answer({ job: job.job, verdicts: job.events.map(() => true) });
  }
  die(error: unknown = new Error('out of memory')): void {
    this.#error(error);
  }
}

const batch = (size: number): NostrEvent[] => Array.from({ length: size }, (_, i) => fakeEvent({ content: `${i}` }));

function setUp(options: WorkerPoolOptions = {}) {
  const spawned: FakeWorker[] = [];
  const pool = workerPoolVerifier({
    spawn: () => {
      const worker = new FakeWorker();
      spawned.push(worker);
      return worker;
    },
    ...options,
  });
  const jobsOf = (): number[] => spawned.map(({ jobs }) => jobs.length);
  return { pool, spawned, jobsOf };
}

describe('workerPoolVerifier', () => {
  it('starts no worker before there is work, and no second one while the first is free', async () => {
    const { pool, spawned, jobsOf } = setUp();
    expect(spawned).toHaveLength(0);
    for (let n = 0; n < 3; n++) {
      const verdicts = pool.verify(batch(2));
      spawned[0]?.yes(n);
      expect(await verdicts).toEqual([true, true]);
    }
    expect(jobsOf()).toEqual([3]);
  });

  it('gives each batch to the worker with the fewest', async () => {
    const { pool, spawned, jobsOf } = setUp({ workers: 3 });
    const all = Array.from({ length: 7 }, () => pool.verify(batch(1)));
    expect(jobsOf()).toEqual([3, 2, 2]);
    spawned[1]?.yes(0);
    spawned[1]?.yes(1);
    spawned[2]?.yes(0);
    all.push(pool.verify(batch(1)), pool.verify(batch(1)));
    expect(jobsOf()).toEqual([3, 4, 2]);
    for (const worker of spawned) worker.jobs.forEach((_, index) => worker.yes(index));
    expect((await Promise.all(all)).flat()).toEqual(Array(9).fill(true));
  });

  it('has two workers unless told', () => {
    const { pool, jobsOf } = setUp();
    for (let n = 0; n < 4; n++) void pool.verify(batch(1)).catch(() => undefined);
    expect(jobsOf()).toEqual([2, 2]);
    pool.close();
  });

  it('matches answers to batches, whatever their order', async () => {
    const { pool, spawned } = setUp({ workers: 1 });
    const [first, second] = [pool.verify(batch(1)), pool.verify(batch(2))];
    const [one, two] = spawned[0]?.jobs ?? [];
    spawned[0]?.answer({ job: two?.job ?? 0, verdicts: [true, false] });
    spawned[0]?.answer({ job: one?.job ?? 0, verdicts: [false] });
    // An answer to nothing harms nobody.
    spawned[0]?.answer({ job: 1_000, verdicts: [] });
    expect([await first, await second]).toEqual([[false], [true, false]]);
  });

  it('rejects a batch that the engine in the worker could not verify, and keeps the worker', async () => {
    const { pool, spawned } = setUp();
    const verdicts = pool.verify(batch(1));
    spawned[0]?.answer({ job: spawned[0].jobs[0]?.job ?? 0, problem: 'RangeError: too large' });
    await expect(verdicts).rejects.toThrow('too large');
    void pool.verify(batch(1)).catch(() => undefined);
    expect(spawned).toHaveLength(1);
    pool.close();
  });

  it('rejects the batches of a worker that dies, and starts another in its place', async () => {
    const { pool, spawned, jobsOf } = setUp({ workers: 2 });
    const lost = [pool.verify(batch(1)), pool.verify(batch(1)), pool.verify(batch(1))];
    expect(jobsOf()).toEqual([2, 1]);
    spawned[0]?.die();
    spawned[0]?.die('and its exit is told too');
    await expect(lost[0]).rejects.toThrow('out of memory');
    await expect(lost[2]).rejects.toThrow('out of memory');
    expect(spawned[0]?.terminated).toBe(1);
    spawned[1]?.yes(0);
    expect(await lost[1]).toEqual([true]);
    const next = [pool.verify(batch(1)), pool.verify(batch(1))];
    expect(jobsOf()).toEqual([2, 2, 1]);
    spawned[1]?.yes(1);
    spawned[2]?.yes(0);
    expect((await Promise.all(next)).flat()).toEqual([true, true]);
  });

  it('rejects when no worker can be started, and tries again with the next batch', async () => {
    let tries = 0;
    const { pool } = setUp({
      spawn: () => {
        tries++;
        throw new Error('no workers here');
      },
    });
    await expect(pool.verify(batch(1))).rejects.toThrow('no workers here');
    await expect(pool.verify(batch(1))).rejects.toThrow('no workers here');
    expect(tries).toBe(2);
  });

  it('rejects a batch that cannot be handed over, and takes the worker for free afterwards', async () => {
    const { pool, spawned, jobsOf } = setUp({ workers: 2 });
    const warm = pool.verify(batch(1));
    spawned[0]?.yes();
    await warm;
    const [worker] = spawned;
    if (worker) {
      worker.postMessage = () => {
        throw new Error('could not be cloned');
      };
    }
    await expect(pool.verify(batch(1))).rejects.toThrow('could not be cloned');
    if (worker) delete (worker as Partial<FakeWorker>).postMessage;
    const next = pool.verify(batch(1));
    expect(jobsOf()).toEqual([2]);
    worker?.yes(1);
    expect(await next).toEqual([true]);
  });

  it('takes an answer that comes while the batch is being handed over', async () => {
    const { pool, spawned } = setUp();
    const warm = pool.verify(batch(1));
    const [worker] = spawned;
    worker?.yes();
    await warm;
    if (!worker) throw new Error('no worker');
    worker.postMessage = (message) => worker.answer({ job: (message as VerifyJob).job, verdicts: [true] });
    expect(await pool.verify(batch(1))).toEqual([true]);
  });

  it('close() stops the workers and rejects what is under way and what comes later', async () => {
    const { pool, spawned } = setUp({ workers: 2 });
    const open = [pool.verify(batch(1)), pool.verify(batch(1))];
    pool.close();
    pool.close();
    for (const verdicts of open) await expect(verdicts).rejects.toThrow('closed');
    expect(spawned.map(({ terminated }) => terminated)).toEqual([1, 1]);
    await expect(pool.verify(batch(1))).rejects.toThrow('closed');
    expect(spawned).toHaveLength(2);
    // What a worker says while it is stopped is heard by nobody.
    spawned[0]?.yes();
    spawned[0]?.die();
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses a pool of %d workers', (workers) => {
    expect(() => workerPoolVerifier({ workers })).toThrow(RangeError);
  });
});

describe('serveVerifier', () => {
  /** A worker in this thread: what the pool posts arrives there, and the other way round. */
  const inThread = (engine: Parameters<typeof serveVerifier>[0]): WorkerPort => {
    let toWorker: (message: unknown) => void = () => undefined;
    let toPool: (message: unknown) => void = () => undefined;
    serveVerifier(engine, {
      postMessage: (message) => toPool(structuredClone(message)),
      onMessage: (handler) => (toWorker = handler),
    });
    return {
      postMessage: (message) => toWorker(structuredClone(message)),
      onMessage: (handler) => (toPool = handler),
      onError: () => undefined,
      terminate: () => undefined,
    };
  };
  const events = [fakeEvent({ content: 'real' }), fakeEvent({ content: 'forged', sig: 'f'.repeat(128) })];

  it('answers with the verdicts of its engine, that answers at once or later', async () => {
    const atOnce = workerPoolVerifier({ spawn: () => inThread(zerosVerifier) });
    expect(await atOnce.verify(events)).toEqual([true, false]);
    const later = workerPoolVerifier({
      spawn: () => inThread({ verify: async (batch) => zerosVerifier.verify(batch) }),
    });
    expect(await later.verify(events)).toEqual([true, false]);
  });

  it('answers with the problem when its engine throws or rejects, and serves on', async () => {
    let calls = 0;
    const pool = workerPoolVerifier({
      spawn: () =>
        inThread({
          verify: (batch) => {
            if (++calls === 1) throw new Error('thrown');
            return calls === 2 ? Promise.reject(new Error('rejected')) : zerosVerifier.verify(batch);
          },
        }),
    });
    await expect(pool.verify(events)).rejects.toThrow('thrown');
    await expect(pool.verify(events)).rejects.toThrow('rejected');
    expect(await pool.verify(events)).toEqual([true, false]);
  });
});
