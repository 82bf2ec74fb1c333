import { parentPort as nodeParentPort, Worker } from 'node:worker_threads';
import type { WorkerPort } from './worker-port.ts';

/** The flags of the process (a loader, --input-type) are not for our scripts. */
const WORKER_OPTIONS = { execArgv: [] };

/** Starts a worker thread that verifies with the pure engine; it does not keep the process alive. */
export function spawnWorker(): WorkerPort {
  return portOf(new Worker(new URL('./verify-worker.js', import.meta.url), WORKER_OPTIONS));
}

/** Starts a worker thread on a script that is at hand as text; it does not keep the process alive. */
export function spawnScript(script: string): WorkerPort {
  return portOf(new Worker(script, { ...WORKER_OPTIONS, eval: true }));
}

function portOf(worker: Worker): WorkerPort {
  worker.unref();
  return {
    postMessage: (message, transfer) => worker.postMessage(message, transfer),
    onMessage: (handler) => void worker.on('message', handler).unref(),
    onError: (handler) => void worker.on('error', handler).on('exit', () => handler(new Error('The worker exited.'))),
    terminate: () => void worker.terminate(),
  };
}

/** The port to the thread that started this worker. */
export function parentPort(): Pick<WorkerPort, 'postMessage' | 'onMessage'> {
  const port = nodeParentPort;
  if (!port) throw new Error('serveVerifier() belongs into the script of a worker thread.');
  return {
    postMessage: (message) => port.postMessage(message),
    onMessage: (handler) => void port.on('message', handler),
  };
}
