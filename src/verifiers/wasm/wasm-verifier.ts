import * as platform from '#wasm-platform';
import type { NostrEvent } from '../../protocol/event.ts';
import { pureVerifier } from '../pure.ts';
import type { Verdicts, Verifier } from '../verifier.ts';
import { WorkerJobs } from '../worker-jobs.ts';
import type { WorkerPort } from '../worker-port.ts';
import { inSlices } from './in-slices.ts';
import { type Code, loadCode } from './load-code.ts';
import { packRecords } from './pack-records.ts';
import { RecordBatches } from './record-batches.ts';
import { warnOnce } from './warn-once.ts';

/**
 * Knobs of {@link wasmVerifier}.
 *
 * @example
 * ```ts
 * import { wasmVerifier, type WasmVerifierOptions } from 'rx-relay-pool';
 *
 * const options: WasmVerifierOptions = { workers: 0 };
 * wasmVerifier(options).close();
 * ```
 */
export interface WasmVerifierOptions {
  /** Workers at the most: the first is started with the first backlog, others when four batches wait for it; 0: all is verified in this thread. @default 2 */
  readonly workers?: number | undefined;
  /** Events up to which a batch is verified in this thread, some 60 to 130 µs each: so few that a worker is not worth it. @default 32 */
  readonly inlineUpTo?: number | undefined;
  /** Events that go to a worker at a time at the most. @default 128 */
  readonly batchSize?: number | undefined;
  /**
   * Told once that the build, the platform or the page's Content-Security-Policy has no WebAssembly, so that plain JavaScript verifies.
   *
   * @default a warning in the console, once however many verifiers there are
   */
  readonly onUnavailable?: ((reason: Error) => void) | undefined;
}

/**
 * A {@link Verifier} with workers to stop.
 *
 * @example
 * ```ts
 * import { wasmVerifier, type WasmVerifier } from 'rx-relay-pool';
 *
 * const verifier: WasmVerifier = wasmVerifier();
 * verifier.close();
 * ```
 */
export interface WasmVerifier extends Verifier {
  /** Stops the workers; what is under way rejects, and what comes later is refused with an error. */
  close(): void;
}

/** What it stands on; tests put others in their place. */
export interface WasmParts {
  readonly load: () => Promise<Code>;
  readonly spawnScript: (script: string) => WorkerPort;
  readonly codeIsNear: boolean;
}

/** Events in a turn of the event loop, in this thread: some milliseconds for either. */
const SLICE = 64;
const PURE_SLICE = 4;
/** Milliseconds that events wait for code that comes over a network: the pure verifier's first takes a page's thread about as long. */
const PATIENCE = 100;

/**
 * Verifies with libsecp256k1 in WebAssembly: a few events in this thread, a backlog in workers as batches of BIP-340, which are one random
 * linear combination of all their signatures. It is what a pool does by default. Some 95 µs for one event and 25 to 60 in a batch, where plain
 * JavaScript takes 1 to 3 ms; see docs/verification.md.
 *
 * The code is a file of its own. In Node it is loaded at once, and the first event waits for it. In a page it is loaded when the first event
 * comes; where that takes more than 100 ms the pure verifier answers meanwhile. It answers for good where there is no WebAssembly. Where no
 * worker can be started, this thread does their work, a slice a turn of the event loop. Workers do not keep a Node process alive.
 *
 * @throws RangeError when a number is out of its range.
 * @example
 * ```ts
 * import { RelayPool, wasmVerifier } from 'rx-relay-pool';
 *
 * const verifier = wasmVerifier({ workers: 4 });
 * const pool = new RelayPool({ relays: ['wss://relay.example'], verifier });
 * pool.close();
 * verifier.close();
 * ```
 */
export function wasmVerifier(options: WasmVerifierOptions = {}): WasmVerifier {
  return new LoadedLater(options, {
    load: loadCode,
    spawnScript: platform.spawnScript,
    codeIsNear: platform.CODE_IS_NEAR,
  });
}

/** {@link wasmVerifier} on parts. */
export class LoadedLater implements WasmVerifier {
  readonly #parts: WasmParts;
  readonly #workers: number;
  readonly #inlineUpTo: number;
  readonly #batchSize: number;
  readonly #onUnavailable: (reason: Error) => void;
  #loading: Promise<void> | undefined;
  #code: Code | undefined;
  #unavailable = false;
  /** Whether the code was waited for in vain so far. */
  #isLate = false;
  #batches: RecordBatches | undefined;
  /** Whether a worker answered since the last one died. */
  #answered = false;
  #closed = false;

  constructor(
    { workers = 2, inlineUpTo = 32, batchSize = 128, onUnavailable = warnOnce }: WasmVerifierOptions,
    parts: WasmParts,
  ) {
    this.#workers = wholeNumber('workers', workers, 0);
    this.#inlineUpTo = wholeNumber('inlineUpTo', inlineUpTo, 0);
    this.#batchSize = wholeNumber('batchSize', batchSize, 1);
    this.#onUnavailable = onUnavailable;
    this.#parts = parts;
    // While the first relay is dialled there is nothing else to do; a page has its first paint before it.
    if (parts.codeIsNear) this.#loading = this.#load();
  }

  /** Workers are given all that waits; this thread as little as the caller thinks right. */
  get batchSize(): number | undefined {
    return this.#batches && this.#batchSize;
  }

  verify(events: readonly NostrEvent[]): Verdicts | Promise<Verdicts> {
    if (this.#closed) throw new Error('This verifier is closed.');
    if (this.#code) return this.#verify(this.#code, events);
    if (this.#unavailable || this.#isLate) return pureVerifier.verify(events);
    this.#loading ??= within(PATIENCE, this.#load(), () => (this.#isLate = true));
    return this.#verifyWhenLoaded(this.#loading, events);
  }

  close(): void {
    this.#closed = true;
    this.#batches?.close();
  }

  async #load(): Promise<void> {
    try {
      this.#code = await this.#parts.load();
      if (this.#workers > 0 && !this.#closed) this.#batches = this.#batchesFor(this.#code);
    } catch (error) {
      this.#unavailable = true;
      if (!this.#closed) this.#onUnavailable(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #verifyWhenLoaded(loading: Promise<void>, events: readonly NostrEvent[]): Promise<Verdicts> {
    await loading;
    if (this.#closed) throw new Error('This verifier was closed.');
    if (this.#code) return this.#verify(this.#code, events);
    return inSlices(events, PURE_SLICE, (slice) =>
      this.#code ? verifyHere(this.#code, slice) : (pureVerifier.verify(slice) as Verdicts),
    );
  }

  #verify(code: Code, events: readonly NostrEvent[]): Verdicts | Promise<Verdicts> {
    const here = (slice: readonly NostrEvent[]): Verdicts => verifyHere(code, slice);
    if (events.length <= this.#inlineUpTo) return here(events);
    if (this.#batches) return this.#verifyElsewhere(this.#batches, events, here);
    return events.length <= SLICE ? here(events) : inSlices(events, SLICE, here);
  }

  async #verifyElsewhere(
    batches: RecordBatches,
    events: readonly NostrEvent[],
    here: (slice: readonly NostrEvent[]) => Verdicts,
  ): Promise<Verdicts> {
    try {
      return toVerdicts(await batches.verify(pack(events)));
    } catch (error) {
      if (this.#closed) throw error;
      return inSlices(events, SLICE, here);
    }
  }

  #batchesFor({ module, workerScript }: Code): RecordBatches {
    const spawn = (): WorkerPort => {
      try {
        const port = this.#parts.spawnScript(workerScript);
        let alive = true;
        port.onMessage(() => (this.#answered = true));
        port.onError(() => {
          if (alive) this.#workerDied();
          alive = false;
        });
        port.postMessage({ module });
        return port;
      } catch (error) {
        this.#workerDied();
        throw error;
      }
    };
    return new RecordBatches(new WorkerJobs(this.#workers, spawn), this.#batchSize);
  }

  /** One that never answered is a platform without workers; others are replaced. */
  #workerDied(): void {
    if (!this.#answered) {
      this.#batches?.close();
      this.#batches = undefined;
    }
    this.#answered = false;
  }
}

/** In this thread. */
function verifyHere({ engine }: Code, events: readonly NostrEvent[]): Verdicts {
  return toVerdicts(engine.verify(pack(events)));
}

/** Resolves when it is done, or so many milliseconds have passed, which is told first. */
function within(patience: number, work: Promise<void>, onLate: () => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      onLate();
      resolve();
    }, patience);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

const pack = (events: readonly NostrEvent[]): Uint8Array<ArrayBuffer> => packRecords(events, platform.idOf);

function toVerdicts(verdicts: Uint8Array): Verdicts {
  return Array.from(verdicts, (verdict) => verdict === 1);
}

function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new RangeError(`${name} is a whole number of at least ${least}, not ${value}.`);
}
