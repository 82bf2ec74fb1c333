import { webWorkerPort } from './web-worker-port.browser.ts';
import type { WorkerPort } from './worker-port.ts';

/** Starts a Web Worker that verifies with the pure engine. */
export function spawnWorker(): WorkerPort {
  return webWorkerPort(new Worker(new URL('./verify-worker.js', import.meta.url), { type: 'module' }));
}

/** The port to the page that started this worker. */
export function parentPort(): Pick<WorkerPort, 'postMessage' | 'onMessage'> {
  return {
    postMessage: (message) => globalThis.postMessage(message),
    onMessage: (handler) => globalThis.addEventListener('message', ({ data }) => handler(data)),
  };
}
