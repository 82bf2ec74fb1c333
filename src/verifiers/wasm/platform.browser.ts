import { webWorkerPort } from '../web-worker-port.browser.ts';
import type { WorkerPort } from '../worker-port.ts';
import type * as parts from './built.js';

/** The id that the event should have (NIP-01). Browsers have no hash that answers at once. */
export { getEventHash as idOf } from 'nostr-tools/pure';

/** Code comes over a network, which may take seconds. */
export const CODE_IS_NEAR = false;

/** What the build made: a file of its own, for after the first paint. */
export const built = (): Promise<typeof parts> => import('./built.js');

/** A loop: the code has not run before, and a call for each of the bytes would take three times as long. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Starts a Web Worker on a script that is at hand as text: no bundler has to know of it. A page's policy may forbid it (worker-src). */
export function spawnScript(script: string): WorkerPort {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  try {
    return webWorkerPort(new Worker(url));
  } finally {
    // The worker has its own hold on the script from here on.
    URL.revokeObjectURL(url);
  }
}
