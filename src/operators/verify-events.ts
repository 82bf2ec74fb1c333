import { asapScheduler, Observable, type OperatorFunction, type SchedulerLike, type Subscription } from 'rxjs';
import type { NostrEvent } from '../protocol/event.ts';
import type { Verdicts, Verifier } from '../verifiers/verifier.ts';
import { verifyWellFormed } from '../verifiers/well-formed.ts';
import { callSafely } from './call-safely.ts';
import { stopWith } from './stop-with.ts';

/**
 * The error of a stream whose verifier threw, rejected or answered nonsense: nothing can be said about its events any more.
 *
 * @example
 * ```ts
 * import { from } from 'rxjs';
 * import { type NostrEvent, VerifierError, verifyEvents } from 'rx-relay-pool';
 *
 * const received: NostrEvent[] = [];
 * const broken = { verify: () => Promise.reject(new Error('out of memory')) };
 * from(received)
 *   .pipe(verifyEvents(broken))
 *   .subscribe({ error: (error) => console.error(error instanceof VerifierError, error) });
 * ```
 */
export class VerifierError extends Error {
  override readonly name = 'VerifierError';
  /** For switches over errors of several kinds. */
  readonly code = 'verifier-failed';
}

/**
 * What {@link verifyEvents} can be told.
 *
 * @example
 * ```ts
 * import type { VerifyEventsOptions } from 'rx-relay-pool';
 *
 * const options: VerifyEventsOptions = { onInvalid: (event) => console.warn(`${event.id} is forged`) };
 * ```
 */
export interface VerifyEventsOptions {
  /** Told of each event that did not verify, in the order of the stream. What it throws does not reach the stream. */
  readonly onInvalid?: ((event: NostrEvent) => void) | undefined;
  /**
   * When the batch that is being collected goes to the verifier.
   *
   * @default asapScheduler, at the end of the current turn
   */
  readonly scheduler?: SchedulerLike | undefined;
}

/** What went to the verifier together. */
interface Batch {
  readonly events: readonly NostrEvent[];
  verdicts: Verdicts | undefined;
}

/**
 * Passes the events whose id and signature are right (NIP-01), in the order in which they came. What arrives in one turn goes to
 * the verifier as one batch, and several batches may be with it at a time. Completion, and an error of the source, wait for the
 * verdicts of what came before.
 *
 * What is not well-formed is never shown to the verifier: it counts as forged. It keeps what waits for a verdict, however much that is: put
 * a limit before it where the source knows none. The events of a pool are verified already.
 *
 * The stream errors with a {@link VerifierError} when the verifier throws, rejects, or gives not one verdict for each event.
 *
 * @example
 * ```ts
 * import { from } from 'rxjs';
 * import { type NostrEvent, pureVerifier, verifyEvents } from 'rx-relay-pool';
 *
 * const fromSomewhere: NostrEvent[] = [];
 * from(fromSomewhere)
 *   .pipe(verifyEvents(pureVerifier, { onInvalid: (event) => console.warn(`${event.id} is forged`) }))
 *   .subscribe((event) => console.log(event.content));
 * ```
 */
export function verifyEvents(
  verifier: Verifier,
  options: VerifyEventsOptions = {},
): OperatorFunction<NostrEvent, NostrEvent> {
  const { onInvalid, scheduler = asapScheduler } = options;
  return (source) =>
    new Observable((subscriber) => {
      /** Batches with the verifier, the oldest first; delivered in this order whichever is answered first. */
      const batches: Batch[] = [];
      let collected: NostrEvent[] = [];
      let finish: (() => void) | undefined;
      let delivering = false;

      const fail = (problem: string, cause?: unknown): void => {
        if (subscriber.closed) return;
        subscriber.error(
          new VerifierError(`The verifier ${problem}; replace it, or verify with pureVerifier.`, { cause }),
        );
      };

      const deliver = (): void => {
        if (delivering) return; // a subscriber that feeds the source from within its handler
        delivering = true;
        for (let [batch] = batches; batch?.verdicts; [batch] = batches) {
          const { events, verdicts } = batch;
          batches.shift();
          events.forEach((event, index) => {
            if (subscriber.closed) return;
            if (verdicts[index] === true) subscriber.next(event);
            else callSafely(() => onInvalid?.(event), undefined);
          });
        }
        delivering = false;
        if (batches.length === 0 && collected.length === 0) finish?.();
      };

      const answered = (batch: Batch, verdicts: Verdicts): void => {
        if (subscriber.closed) return;
        const { length } = batch.events;
        if (!Array.isArray(verdicts)) return fail(`gave no list of verdicts for ${length} events`);
        if (verdicts.length !== length) return fail(`gave ${verdicts.length} verdicts for ${length} events`);
        batch.verdicts = verdicts;
        deliver();
      };

      const flush = (): void => {
        const batch: Batch = { events: collected, verdicts: undefined };
        collected = [];
        batches.push(batch);
        try {
          const verdicts = verifyWellFormed(verifier, batch.events);
          if (Array.isArray(verdicts)) answered(batch, verdicts as Verdicts);
          else {
            Promise.resolve(verdicts).then(
              (later) => answered(batch, later),
              (error: unknown) => fail('rejected', error),
            );
          }
        } catch (error) {
          fail('threw', error);
        }
      };

      const end = (how: () => void): void => {
        finish = how;
        deliver();
      };

      let turn: Subscription | undefined;
      subscriber.add(() => {
        turn?.unsubscribe();
        batches.length = 0;
        collected = [];
      });
      source.pipe(stopWith(subscriber)).subscribe({
        next: (event) => {
          // A scheduled action stays in whatever it was added to, so there is one variable and no list.
          if (!subscriber.closed && collected.push(event) === 1) turn = scheduler.schedule(flush);
        },
        error: (error) => end(() => subscriber.error(error)),
        complete: () => end(() => subscriber.complete()),
      });
    });
}
