import type { SchedulerLike } from 'rxjs';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Verdicts, Verifier } from '../../src/verifiers/verifier.ts';
import { pureVerifier } from '../../src/verifiers/pure.ts';

/** Tells the clock when it is needed, as the verifier is made before the world whose clock it is. */
type Clock = () => SchedulerLike;

/** A verifier that answers each batch `delay` milliseconds later. */
export function laterVerifier(clock: Clock, delay: number, engine: Verifier = pureVerifier): Verifier {
  return {
    verify: (events) =>
      new Promise<Verdicts>((resolve) => {
        clock().schedule(() => resolve(engine.verify(events)), delay);
      }),
  };
}

/** A verifier with one thread of its own that needs `cost` milliseconds an event, one batch after the other. */
export function busyVerifier(clock: Clock, cost: number, engine: Verifier): Verifier {
  let freeAt = 0;
  return {
    verify: (events) => {
      const now = clock().now();
      freeAt = Math.max(freeAt, now) + cost * events.length;
      return laterVerifier(clock, freeAt - now, engine).verify(events);
    },
  };
}

/** An engine for events of `fakeEvent`, which costs nothing: a signature of zeros is right, any other is not. */
export const zerosVerifier: Verifier = { verify: (events) => events.map(isSignedWithZeros) };

function isSignedWithZeros({ sig }: NostrEvent): boolean {
  return sig === '0'.repeat(128);
}
