import type { Worker } from 'node:worker_threads';
import type { WorkerPort } from './worker-port.ts';

/** For any of our workers: the flags of the process (a loader, --input-type) are not for their scripts. */
export const WORKER_OPTIONS = { execArgv: [] };

/** Our end of a worker thread, which does not keep the process alive. */
export function workerThreadPort(worker: Worker): WorkerPort {
  worker.unref();
  return {
    postMessage: (message, transfer) => worker.postMessage(message, transfer),
    onMessage: (handler) => void worker.on('message', handler).unref(),
    onError: (handler) => void worker.on('error', handler).on('exit', () => handler(new Error('The worker exited.'))),
    terminate: () => void worker.terminate(),
  };
}
