import type { NostrEvent } from '../protocol/event.ts';
import type { Verdicts } from './verifier.ts';

/**
 * One end of a worker, the same in Node's worker_threads and in browsers.
 *
 * @example
 * ```ts
 * import { type WorkerPort, workerPoolVerifier } from 'rx-relay-pool/worker-pool';
 *
 * function spawn(): WorkerPort {
 *   const worker = new Worker('/my-worker.js', { type: 'module' });
 *   return {
 *     postMessage: (message, transfer = []) => worker.postMessage(message, [...transfer]),
 *     onMessage: (handler) => worker.addEventListener('message', ({ data }) => handler(data)),
 *     onError: (handler) => worker.addEventListener('error', handler),
 *     terminate: () => worker.terminate(),
 *   };
 * }
 * const verifier = workerPoolVerifier({ spawn });
 * verifier.close();
 * ```
 */
export interface WorkerPort {
  /** What is named in `transfer` moves to the other side instead of being copied. */
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(handler: (message: unknown) => void): void;
  /** Called when the worker died or could not be loaded. */
  onError(handler: (error: unknown) => void): void;
  terminate(): void;
}

/** What the page asks of a worker. */
export interface VerifyJob {
  readonly job: number;
  readonly events: readonly NostrEvent[];
}

/** What a worker answers: verdicts, or why it has none. */
export type VerifyAnswer =
  { readonly job: number; readonly verdicts: Verdicts } | { readonly job: number; readonly problem: string };
