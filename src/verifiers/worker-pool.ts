import { spawnWorker } from '#spawn-worker';
import type { NostrEvent } from '../protocol/event.ts';
import type { Verdicts, Verifier } from './verifier.ts';
import { WorkerJobs } from './worker-jobs.ts';
import type { VerifyJob, WorkerPort } from './worker-port.ts';

export { serveVerifier } from './serve-verifier.ts';
export type { WorkerPort } from './worker-port.ts';

/**
 * Knobs of {@link workerPoolVerifier}.
 *
 * @example
 * ```ts
 * import { workerPoolVerifier, type WorkerPoolOptions } from 'rx-relay-pool/worker-pool';
 *
 * const options: WorkerPoolOptions = { workers: 4 };
 * workerPoolVerifier(options).close();
 * ```
 */
export interface WorkerPoolOptions {
  /** Workers at the most; each starts with the first batch that finds the others busy. @default 2 */
  readonly workers?: number;
  /** Starts one worker. @default a worker that verifies with nostr-tools' pure engine */
  readonly spawn?: () => WorkerPort;
}

/**
 * A {@link Verifier} with workers to stop.
 *
 * @example
 * ```ts
 * import { workerPoolVerifier, type WorkerPoolVerifier } from 'rx-relay-pool/worker-pool';
 *
 * const verifier: WorkerPoolVerifier = workerPoolVerifier();
 * verifier.close();
 * ```
 */
export interface WorkerPoolVerifier extends Verifier {
  verify(events: readonly NostrEvent[]): Promise<Verdicts>;
  /** Stops the workers; batches under way reject, and later ones too. */
  close(): void;
}

/**
 * Verifies in workers (worker_threads in Node, Web Workers in browsers), so that signatures cost the page nothing. Each batch
 * goes to the worker with the fewest batches; a worker that dies is replaced, and its batches reject, which makes the pool verify
 * them itself. In Node the workers do not keep the process alive.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 * import { workerPoolVerifier } from 'rx-relay-pool/worker-pool';
 *
 * const verifier = workerPoolVerifier({ workers: 2 });
 * const pool = new RelayPool({ relays: ['wss://relay.example'], verifier });
 * pool.close();
 * verifier.close();
 * ```
 */
export function workerPoolVerifier({
  workers: limit = 2,
  spawn = spawnWorker,
}: WorkerPoolOptions = {}): WorkerPoolVerifier {
  if (!(Number.isInteger(limit) && limit > 0)) {
    throw new RangeError(`A worker pool needs a whole number of workers above 0, not ${limit}.`);
  }
  const workers = new WorkerJobs<Omit<VerifyJob, 'job'>, { readonly verdicts: Verdicts }>(limit, spawn);
  return {
    verify: async (events) => (await workers.do({ events })).verdicts,
    close: () => workers.close(),
  };
}
