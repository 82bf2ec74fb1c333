import type { WorkerPort } from './worker-port.ts';

/** The page's end of a Web Worker. */
export function webWorkerPort(worker: Worker): WorkerPort {
  return {
    postMessage: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    onMessage: (handler) => worker.addEventListener('message', ({ data }) => handler(data)),
    onError: (handler) => worker.addEventListener('error', (event) => handler(event.error ?? event.message)),
    terminate: () => worker.terminate(),
  };
}
