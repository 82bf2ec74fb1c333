import { webWorkerPort } from '../web-worker-port.browser.ts';
import type { WorkerPort } from '../worker-port.ts';

/** The id that the event should have (NIP-01). Browsers have no hash that answers at once. */
export { getEventHash as idOf } from 'nostr-tools/pure';

/** Code comes over a network, which may take seconds. */
export const CODE_IS_NEAR = false;

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
