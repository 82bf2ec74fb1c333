import { parentPort as nodeParentPort, Worker } from 'node:worker_threads';
import type { WorkerPort } from './worker-port.ts';
import { WORKER_OPTIONS, workerThreadPort } from './worker-thread-port.node.ts';

/** Starts a worker thread that verifies with the pure engine; it does not keep the process alive. */
export function spawnWorker(): WorkerPort {
  return workerThreadPort(new Worker(new URL('./verify-worker.js', import.meta.url), WORKER_OPTIONS));
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
