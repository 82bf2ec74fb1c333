import { setTimeout } from 'node:timers';
import { wasmVerifier } from 'rx-relay-pool';
import { clientOf } from './promises.mjs';

/**
 * The bare client that takes well-formed events which match, and has them verified by our verifier before it hands them out. It keeps no order among them.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export const connect = ({ relays }) => clientOf(relays, 'match', inBatches(wasmVerifier()));

/** Verdicts on what comes after a pause at once, on what comes on its heels by batches; `afterwards` waits for those that are awaited. */
function inBatches(verifier) {
  const waiting = new Map();
  const later = [];
  let queue = [];
  let isDue = false;
  const verify = async () => {
    const batch = queue;
    queue = [];
    const verdicts = await verifier.verify(batch.map(({ event }) => event));
    batch.forEach(({ event, done }, index) => {
      waiting.delete(event.id);
      if (verdicts[index]) done();
    });
    while (waiting.size === 0 && later.length > 0) later.shift()();
  };
  const soon = () => {
    isDue = queue.length > 0;
    if (!isDue) return;
    void verify();
    setTimeout(soon);
  };
  return {
    isWaiting: (id, text) => waiting.get(id) === text,
    check: (event, text, done) => {
      waiting.set(event.id, text);
      queue.push({ event, done });
      if (queue.length >= (verifier.batchSize ?? 256) || !isDue) void verify();
      if (isDue) return;
      isDue = true;
      setTimeout(soon);
    },
    afterwards: (work) => (waiting.size === 0 ? work() : void later.push(work)),
  };
}
