import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

/** Bytes on the heap that something still refers to. */
export async function heapInUse(): Promise<number> {
  // A turn in between lets go of what only the running stack refers to.
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

/** Bytes on the heap after the young generation alone was collected: what two of these find in use is old from then on. */
export function heapAfterMinorCollection(): number {
  collectGarbage({ type: 'minor' });
  return process.memoryUsage().heapUsed;
}
