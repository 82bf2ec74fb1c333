import type { WorkerJobs } from '../worker-jobs.ts';
import { RECORD_BYTES } from './schnorr-engine.ts';

/** Jobs that a worker has at the most: one under way, and one so that it need not wait for this thread. */
const JOBS_EACH = 2;
/** Batches that a worker verifies in about the time that another one takes to start: fewer that wait are not worth it. */
const WORTH_A_WORKER = 4;

interface Call {
  readonly records: Uint8Array;
  readonly resolve: (verdicts: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Hands records to workers. While all of them are busy, what comes waits and is put together: the larger a batch, the less each signature
 * costs.
 */
export class RecordBatches {
  readonly #jobs: WorkerJobs<{ readonly records: Uint8Array }, { readonly verdicts: Uint8Array }>;
  readonly #batchBytes: number;
  #waiting: Call[] = [];

  constructor(
    jobs: WorkerJobs<{ readonly records: Uint8Array }, { readonly verdicts: Uint8Array }>,
    batchSize: number,
  ) {
    this.#jobs = jobs;
    this.#batchBytes = batchSize * RECORD_BYTES;
  }

  /** A verdict for each record, 1 or 0. */
  async verify(records: Uint8Array): Promise<Uint8Array> {
    const pieces: Promise<Uint8Array>[] = [];
    for (let start = 0; start < records.length; start += this.#batchBytes) {
      const piece = records.subarray(start, start + this.#batchBytes);
      pieces.push(new Promise((resolve, reject) => this.#waiting.push({ records: piece, resolve, reject })));
    }
    this.#send();
    return joined(await Promise.all(pieces));
  }

  close(): void {
    this.#jobs.close();
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('This verifier was closed.'));
  }

  #send(): void {
    const waiting = this.#waiting.reduce((sum, { records }) => sum + records.length, 0);
    const mayStart = waiting >= WORTH_A_WORKER * this.#batchBytes;
    while (this.#waiting.length > 0 && this.#jobs.hasRoom(JOBS_EACH, mayStart)) {
      void this.#do(this.#nextCalls(), mayStart);
    }
  }

  /** As many as fit into a batch, and one in any case. */
  #nextCalls(): readonly Call[] {
    let bytes = 0;
    const beyond = this.#waiting.findIndex(({ records }) => (bytes += records.length) > this.#batchBytes);
    return this.#waiting.splice(0, beyond < 0 ? this.#waiting.length : Math.max(1, beyond));
  }

  async #do(calls: readonly Call[], mayStart: boolean): Promise<void> {
    const records = joined(calls.map((call) => call.records));
    try {
      const { verdicts } = await this.#jobs.do({ records }, [records.buffer], mayStart);
      let start = 0;
      for (const call of calls) call.resolve(verdicts.subarray(start, (start += call.records.length / RECORD_BYTES)));
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
    this.#send();
  }
}

/** A copy in any case: its bytes may be given away. */
function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
