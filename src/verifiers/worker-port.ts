import type { NostrEvent } from '../protocol/event.ts';
import type { Verdicts } from './verifier.ts';

/** One end of a worker, the same in Node's worker_threads and in browsers. */
export interface WorkerPort {
  postMessage(message: unknown): void;
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
