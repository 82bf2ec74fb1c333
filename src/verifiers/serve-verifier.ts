import { parentPort } from '#spawn-worker';
import type { Verifier } from './verifier.ts';
import type { VerifyJob, WorkerPort } from './worker-port.ts';

/**
 * Makes the current worker answer for an engine of your own: call it in the worker's script, and hand a function that starts
 * that worker to {@link workerPoolVerifier} as `spawn`.
 *
 * @example
 * ```ts
 * // my-worker.ts
 * import { verifyEvent } from 'nostr-tools/pure';
 * import { serveVerifier } from 'rx-relay-pool/worker-pool';
 *
 * serveVerifier({ verify: (events) => events.map((event) => verifyEvent({ ...event })) });
 * ```
 */
export function serveVerifier(
  engine: Verifier,
  port: Pick<WorkerPort, 'postMessage' | 'onMessage'> = parentPort(),
): void {
  port.onMessage((message) => {
    const { job, events } = message as VerifyJob;
    void answer(engine, events).then((result) => port.postMessage({ job, ...result }));
  });
}

async function answer(engine: Verifier, events: VerifyJob['events']) {
  try {
    return { verdicts: await engine.verify(events) };
  } catch (error) {
    return { problem: String(error) };
  }
}
