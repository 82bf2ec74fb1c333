import type { WorkerPort } from './worker-port.ts';

/** Starts a Web Worker that verifies with the pure engine. */
export function spawnWorker(): WorkerPort {
  return portOf(new Worker(new URL('./verify-worker.js', import.meta.url), { type: 'module' }));
}

/** Starts a Web Worker on a script that is at hand as text: no bundler has to know of it. A page's policy may forbid it (worker-src). */
export function spawnScript(script: string): WorkerPort {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const port = portOf(new Worker(url));
  // The worker has its own hold on the script from here on.
  URL.revokeObjectURL(url);
  return port;
}

function portOf(worker: Worker): WorkerPort {
  return {
    postMessage: (message, transfer = []) => worker.postMessage(message, [...transfer]),
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
