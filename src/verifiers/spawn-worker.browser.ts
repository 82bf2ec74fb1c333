import type { WorkerPort } from './worker-port.ts';

/** Starts a Web Worker that verifies with the pure engine. */
export function spawnWorker(): WorkerPort {
  const worker = new Worker(new URL('./verify-worker.js', import.meta.url), { type: 'module' });
  return {
    postMessage: (message) => worker.postMessage(message),
    onMessage: (handler) => worker.addEventListener('message', ({ data }) => handler(data)),
    onError: (handler) => worker.addEventListener('error', (event) => handler(event.error ?? event.message)),
    terminate: () => worker.terminate(),
  };
}

/** The port to the page that started this worker. */
export function parentPort(): Pick<WorkerPort, 'postMessage' | 'onMessage'> {
  return {
    postMessage: (message) => globalThis.postMessage(message),
    onMessage: (handler) => globalThis.addEventListener('message', ({ data }) => handler(data)),
  };
}
