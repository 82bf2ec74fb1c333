import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NostrEvent } from '../../../src/protocol/event.ts';
import { type Code, loadCode } from '../../../src/verifiers/wasm/load-code.ts';
import { type SchnorrEngine } from '../../../src/verifiers/wasm/schnorr-engine.ts';
import type { Verdicts } from '../../../src/verifiers/verifier.ts';
import {
  LoadedLater,
  type WasmParts,
  wasmVerifier,
  type WasmVerifierOptions,
} from '../../../src/verifiers/wasm/wasm-verifier.ts';
import type { WorkerPort } from '../../../src/verifiers/worker-port.ts';
import { newEngine, signedEvents } from '../../support/records.ts';

const EVENTS = signedEvents(300);
const forge = (event: NostrEvent): NostrEvent => ({
  ...event,
  sig: event.sig.replace(/.$/, (d) => (d === '0' ? '1' : '0')),
});
const someForged = EVENTS.map((event, i) => (i % 100 === 7 ? forge(event) : event));
const verdictsOnSome = EVENTS.map((_, i) => i % 100 !== 7);

/** A worker in this thread: what is posted waits until `work`. */
class WorkerHere implements WorkerPort {
  readonly posted: unknown[] = [];
  terminated = 0;
  #message: ((message: unknown) => void)[] = [];
  #error: ((error: unknown) => void)[] = [];
  constructor(readonly engine: SchnorrEngine) {}
  postMessage(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
    this.posted.push(structuredClone(message, { transfer: [...transfer] }));
  }
  onMessage(handler: (message: unknown) => void): void {
    this.#message.push(handler);
  }
  onError(handler: (error: unknown) => void): void {
    this.#error.push(handler);
  }
  terminate(): void {
    this.terminated++;
  }
  get jobs(): { job: number; records: Uint8Array }[] {
    return this.posted.filter((message): message is { job: number; records: Uint8Array } =>
      Object.hasOwn(message as object, 'job'),
    );
  }
  /** Answers its jobs from number `from` on. */
  work(from = 0): void {
    for (const { job, records } of this.jobs.slice(from)) this.tell({ job, verdicts: this.engine.verify(records) });
  }
  tell(answer: unknown): void {
    for (const handler of this.#message) handler(answer);
  }
  die(): void {
    for (const handler of this.#error) handler(new Error('out of memory'));
    for (const handler of this.#error) handler(new Error('The worker exited.'));
  }
}

async function setUp(options: WasmVerifierOptions = {}, change: Partial<WasmParts> = {}) {
  const { engine } = await newEngine();
  const inlineBatches: number[] = [];
  const watched = Object.assign(Object.create(engine) as SchnorrEngine, {
    verify: (records: Uint8Array) => {
      inlineBatches.push(records.length / 128);
      return engine.verify(records);
    },
  });
  const { module, workerScript } = await loadCode();
  let loads = 0;
  let loaded: (code: Code) => void = () => undefined;
  const workers: WorkerHere[] = [];
  const warnings: string[] = [];
  const parts: WasmParts = {
    load: () => {
      loads++;
      return new Promise((resolve) => (loaded = resolve));
    },
    spawnScript: () => {
      const worker = new WorkerHere(engine);
      workers.push(worker);
      return worker;
    },
    codeIsNear: true,
    ...change,
  };
  const verifier = new LoadedLater({ onUnavailable: ({ message }) => warnings.push(message), ...options }, parts);
  return {
    verifier,
    workers,
    warnings,
    inlineBatches,
    loads: () => loads,
    /** Ends the loading, and waits until the verifier has noticed. */
    load: async () => {
      const first = verifier.verify([]);
      loaded({ engine: watched, module, workerScript });
      await first;
      inlineBatches.length = 0;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('wasmVerifier', () => {
  it('verifies in this thread and in real workers', async () => {
    const verifier = wasmVerifier();
    expect(await verifier.verify(someForged.slice(0, 10))).toEqual(verdictsOnSome.slice(0, 10));
    expect(await verifier.verify(someForged)).toEqual(verdictsOnSome);
    expect(verifier.verify(someForged.slice(0, 32))).toEqual(verdictsOnSome.slice(0, 32));
    // It would have done without workers that cannot start.
    expect(verifier.batchSize).toBe(128);
    verifier.close();
  });

  it('says what is wrong with its numbers', () => {
    expect(() => wasmVerifier({ workers: -1 })).toThrow(RangeError);
    expect(() => wasmVerifier({ workers: 1.5 })).toThrow('workers is a whole number of at least 0, not 1.5.');
    expect(() => wasmVerifier({ inlineUpTo: NaN })).toThrow('inlineUpTo');
    expect(() => wasmVerifier({ batchSize: 0 })).toThrow('batchSize is a whole number of at least 1, not 0.');
  });

  describe('while it loads', () => {
    it.each([
      ['at once where code is near', true],
      ['with the first event where it is not', false],
    ])('loads %s', async (_, codeIsNear) => {
      const { loads, load } = await setUp({}, { codeIsNear });
      expect(loads()).toBe(Number(codeIsNear));
      await load();
      expect(loads()).toBe(1);
    });

    it('loads once', async () => {
      const { verifier, loads, load } = await setUp();
      expect(verifier.batchSize).toBeUndefined();
      const first = verifier.verify(someForged.slice(0, 10));
      void verifier.verify([]);
      await load();
      expect(await first).toEqual(verdictsOnSome.slice(0, 10));
      expect(verifier.verify(someForged.slice(7, 9))).toEqual([false, true]);
      expect(loads()).toBe(1);
      expect(verifier.batchSize).toBe(128);
    });

    describe('over a network', () => {
      beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
      afterEach(() => void vi.useRealTimers());

      it('is waited for, 100 ms at the most', async () => {
        const { verifier, load, inlineBatches } = await setUp({}, { codeIsNear: false });
        const answers: Verdicts[] = [];
        const first = verifier.verify(someForged.slice(6, 9)) as Promise<Verdicts>;
        void first.then((verdicts) => answers.push(verdicts));
        await vi.advanceTimersByTimeAsync(99);
        expect(answers).toEqual([]);
        await vi.advanceTimersByTimeAsync(1);
        expect(answers).toEqual([[true, false, true]]);
        // From here on the pure verifier answers at once, until the code is there.
        expect(verifier.verify(someForged.slice(6, 9))).toEqual([true, false, true]);
        expect(inlineBatches).toEqual([]);
        await load();
        await turn();
        expect(verifier.verify(someForged.slice(6, 9))).toEqual([true, false, true]);
        expect(inlineBatches).toEqual([3]);
      });

      it('verifies what waited for it, and leaves no timer', async () => {
        const { verifier, load, inlineBatches } = await setUp({}, { codeIsNear: false });
        const first = verifier.verify(someForged.slice(6, 9));
        await load();
        expect(await first).toEqual([true, false, true]);
        expect(vi.getTimerCount()).toBe(0);
        expect(verifier.verify(someForged.slice(6, 9))).toEqual([true, false, true]);
        expect(inlineBatches).toEqual([3]);
      });

      it('takes over from the pure verifier in the middle of what waited', async () => {
        const { verifier, load, inlineBatches } = await setUp({}, { codeIsNear: false });
        const first = verifier.verify(someForged.slice(0, 12));
        await vi.advanceTimersByTimeAsync(100);
        await load();
        await turn();
        await vi.advanceTimersByTimeAsync(10);
        expect(await first).toEqual(verdictsOnSome.slice(0, 12));
        expect(inlineBatches).toEqual([4, 4]);
      });
    });
  });

  describe('where there is no WebAssembly', () => {
    const failing = { load: () => Promise.reject(new Error('no unsafe-eval')) };

    it.each([[true], [false]])('verifies in plain JavaScript, and says so once (code near: %s)', async (codeIsNear) => {
      const { verifier, warnings } = await setUp({}, { ...failing, codeIsNear });
      const several = [0, 1].map(() => verifier.verify(someForged.slice(0, 12)));
      for (const verdicts of several) expect(await verdicts).toEqual(verdictsOnSome.slice(0, 12));
      await turn();
      expect(verifier.verify(someForged.slice(6, 9))).toEqual([true, false, true]);
      expect(warnings).toEqual(['no unsafe-eval']);
      expect(verifier.batchSize).toBeUndefined();
      verifier.close();
    });

    it('gives way between a few events of what waited for it', async () => {
      const { verifier } = await setUp({}, { load: () => turn().then(failing.load) });
      let turns = 0;
      const counter = setInterval(() => turns++, 0);
      await verifier.verify(EVENTS.slice(0, 24));
      clearInterval(counter);
      expect(turns).toBeGreaterThanOrEqual(3);
    });

    it('warns in the console unless told, once for all verifiers', async () => {
      const warn = vi.spyOn(console, 'warn').mockReturnValue();
      for (let n = 0; n < 2; n++) {
        const { verifier } = await setUp({ onUnavailable: undefined }, failing);
        expect(await verifier.verify(someForged.slice(7, 9))).toEqual([false, true]);
      }
      expect(warn.mock.calls).toEqual([[expect.stringMatching(/^rx-relay-pool verifies .*: no unsafe-eval$/)]]);
      warn.mockRestore();
    });
  });

  describe('with workers', () => {
    it('starts none for a few events', async () => {
      const { verifier, workers, load } = await setUp();
      await load();
      for (let n = 0; n < 20; n++) expect(verifier.verify(EVENTS.slice(0, 32))).toEqual(Array(32).fill(true));
      expect(workers).toHaveLength(0);
    });

    it('hands them a backlog as records, after the code', async () => {
      const { verifier, workers, load, inlineBatches } = await setUp();
      await load();
      const verdicts = verifier.verify(someForged.slice(0, 33));
      expect(workers).toHaveLength(1);
      expect(workers[0]?.posted[0]).toEqual({ module: expect.any(WebAssembly.Module) });
      expect(workers[0]?.jobs.map(({ records }) => records.length)).toEqual([33 * 128]);
      workers[0]?.work();
      expect(await verdicts).toEqual(verdictsOnSome.slice(0, 33));
      expect(inlineBatches).toEqual([]);
    });

    it('puts together what comes while they are busy, up to the size of a batch', async () => {
      const { verifier, workers, load } = await setUp({ batchSize: 100 });
      await load();
      const calls = Array.from({ length: 9 }, (_, n) => verifier.verify(someForged.slice(n * 33, n * 33 + 33)));
      const sizes = (): number[][] => workers.map(({ jobs }) => jobs.map(({ records }) => records.length / 128));
      expect(sizes()).toEqual([[33, 33]]);
      workers[0]?.work();
      await turn();
      expect(sizes()).toEqual([[33, 33, 99, 99]]);
      workers[0]?.work(2);
      await turn();
      expect(sizes()).toEqual([[33, 33, 99, 99, 33]]);
      workers[0]?.work(4);
      expect((await Promise.all(calls.map(async (call) => call))).flat()).toEqual(verdictsOnSome.slice(0, 297));
    });

    it('starts another one when as much waits as it takes to start one, and no more than there may be', async () => {
      const { verifier, workers, load } = await setUp({ batchSize: 40 });
      await load();
      const jobs = (): number[] => workers.map((worker) => worker.jobs.length);
      const calls: (Verdicts | Promise<Verdicts>)[] = [];
      const more = (count: number): void => {
        for (let n = 0; n < count; n++) calls.push(verifier.verify(someForged.slice(0, 40)));
      };
      more(5);
      expect(jobs()).toEqual([2]);
      more(1);
      expect(jobs()).toEqual([2, 2]);
      more(20);
      expect(jobs()).toEqual([2, 2]);
      for (let n = 0; n < 14; n++) {
        for (const worker of workers) worker.work(2 * n);
        await turn();
      }
      for (const verdicts of calls) expect(await verdicts).toEqual(verdictsOnSome.slice(0, 40));
      expect(workers).toHaveLength(2);
    });

    it('cuts what is larger than a batch', async () => {
      const { verifier, workers, load } = await setUp({ batchSize: 64 });
      await load();
      const verdicts = verifier.verify(someForged);
      for (let n = 0; n < 3; n++) {
        for (const worker of workers) worker.work(2 * n);
        await turn();
      }
      expect(workers.flatMap(({ jobs }) => jobs.map(({ records }) => records.length / 128)).sort()).toEqual([
        44, 64, 64, 64, 64,
      ]);
      expect(await verdicts).toEqual(verdictsOnSome);
    });

    it('has none when told, and verifies in slices here', async () => {
      const { verifier, workers, load, inlineBatches } = await setUp({ workers: 0 });
      await load();
      expect(verifier.batchSize).toBeUndefined();
      expect(verifier.verify(someForged.slice(0, 64))).toEqual(verdictsOnSome.slice(0, 64));
      expect(await verifier.verify(someForged)).toEqual(verdictsOnSome);
      expect(inlineBatches).toEqual([64, 64, 64, 64, 64, 44]);
      expect(workers).toHaveLength(0);
    });

    it('does the work of one that dies here, and replaces it', async () => {
      const { verifier, workers, load, inlineBatches } = await setUp();
      await load();
      const first = verifier.verify(EVENTS.slice(0, 40));
      workers[0]?.work();
      await first;
      const lost = verifier.verify(someForged.slice(0, 100));
      workers[0]?.die();
      expect(await lost).toEqual(verdictsOnSome.slice(0, 100));
      expect(inlineBatches).toEqual([64, 36]);
      const next = verifier.verify(someForged.slice(0, 40));
      expect(workers).toHaveLength(2);
      workers[1]?.work();
      expect(await next).toEqual(verdictsOnSome.slice(0, 40));
      expect(inlineBatches).toHaveLength(2);
    });

    it('does without where one dies before its first answer', async () => {
      const { verifier, workers, load, inlineBatches } = await setUp({ batchSize: 8 });
      await load();
      const all = Array.from({ length: 7 }, () => verifier.verify(someForged.slice(0, 40)));
      workers[0]?.die();
      for (const verdicts of all) expect(await verdicts).toEqual(verdictsOnSome.slice(0, 40));
      expect(workers.map(({ terminated }) => terminated)).toEqual([1, 1]);
      expect(verifier.batchSize).toBeUndefined();
      expect(verifier.verify(someForged.slice(0, 40))).toEqual(verdictsOnSome.slice(0, 40));
      expect(inlineBatches).toEqual(Array(8).fill(40));
      expect(workers).toHaveLength(2);
    });

    it('does without where none can be started', async () => {
      const spawnScript = vi.fn(() => {
        throw new Error('worker-src');
      });
      const { verifier, load, inlineBatches } = await setUp({}, { spawnScript });
      await load();
      expect(await verifier.verify(someForged.slice(0, 40))).toEqual(verdictsOnSome.slice(0, 40));
      expect(verifier.verify(someForged.slice(0, 40))).toEqual(verdictsOnSome.slice(0, 40));
      expect(spawnScript).toHaveBeenCalledTimes(1);
      expect(inlineBatches).toEqual([40, 40]);
    });

    it('does a batch here that a worker has a problem with', async () => {
      const { verifier, workers, load } = await setUp();
      await load();
      const verdicts = verifier.verify(someForged.slice(0, 40));
      workers[0]?.tell({ job: workers[0].jobs[0]?.job, problem: 'RuntimeError: unreachable' });
      expect(await verdicts).toEqual(verdictsOnSome.slice(0, 40));
    });

    it('stops them on close: what is under way rejects, what comes later is refused', async () => {
      const { verifier, workers, load } = await setUp({ batchSize: 8 });
      await load();
      const calls = Array.from({ length: 6 }, () => verifier.verify(EVENTS.slice(0, 40)) as Promise<unknown>);
      verifier.close();
      for (const call of calls) await expect(call).rejects.toThrow('closed');
      expect(workers.map(({ terminated }) => terminated)).toEqual([1, 1]);
      expect(() => verifier.verify(EVENTS.slice(0, 1))).toThrow('This verifier is closed.');
    });

    it('starts none when it is closed while it loads', async () => {
      const { verifier, workers, load } = await setUp();
      const waiting = verifier.verify(someForged.slice(0, 40)) as Promise<unknown>;
      const loading = load();
      verifier.close();
      await expect(loading).rejects.toThrow('closed');
      await expect(waiting).rejects.toThrow('closed');
      expect(workers).toHaveLength(0);
    });
  });
});
