import {
  concat,
  defer,
  EMPTY,
  finalize,
  type MonoTypeOperatorFunction,
  Observable,
  Subject,
  takeUntil,
  throwError,
} from 'rxjs';
import type { SocketBudget, SocketClaim, SocketUser } from './socket-budget.ts';

/**
 * The error of a stream that had to make room for another, see {@link withinBudget}.
 *
 * @example
 * ```ts
 * import { retry, throwError, timer } from 'rxjs';
 * import { webSocket } from 'rxjs/webSocket';
 * import { ParkedError, SocketBudget, withinBudget } from 'rx-relay-pool';
 *
 * const budget = new SocketBudget({ total: 8 });
 * const user = { priority: 'low', usedAt: Date.now() } as const;
 * const subscription = webSocket('wss://relay.example')
 *   .pipe(
 *     withinBudget(budget, user),
 *     retry({ delay: (error) => (error instanceof ParkedError ? timer(0) : throwError(() => error)) }),
 *   )
 *   .subscribe();
 * subscription.unsubscribe();
 * ```
 */
export class ParkedError extends Error {
  override readonly name = 'ParkedError';
  /** For switches over errors of several kinds. */
  readonly code = 'parked';

  constructor() {
    super('The socket was closed to make room for another; subscribe again to wait for the next turn.');
  }
}

/**
 * Subscribes to the source when there is a place for it in the budget, and holds the place until the source is torn down, however it ends.
 * Values, errors and completion are passed on as they come.
 *
 * When it has to make room it unsubscribes from the source, and then errors with a {@link ParkedError}. Whoever subscribes again waits
 * for its turn again, behind its equals.
 *
 * @param user - What decides who goes first and who makes room; read at each decision. Say {@link SocketBudget.changed} when its
 * priority changes.
 *
 * @example
 * ```ts
 * import { relay, SocketBudget, withinBudget } from 'rx-relay-pool';
 *
 * const budget = new SocketBudget();
 * const user = { priority: 'normal', usedAt: Date.now() } as const;
 * const subscription = relay('wss://relay.example', { dialling: withinBudget(budget, user) }).subscribe();
 * subscription.unsubscribe();
 * ```
 */
export function withinBudget<T>(budget: SocketBudget, user: SocketUser): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const makeRoom = new Subject<void>();
      let [isGranted, isParked] = [false, false];
      const claim: SocketClaim = {
        user,
        granted: () => {
          if (subscriber.closed) return; // it is just being torn down, and gives the place back below
          isGranted = true;
          concat(
            source.pipe(
              takeUntil(makeRoom),
              finalize(() => budget.release(claim)),
            ),
            // concat goes on when the source has been torn down, not before.
            defer(() => (isParked ? throwError(() => new ParkedError()) : EMPTY)),
          ).subscribe(subscriber);
        },
        parked: () => {
          isParked = true;
          makeRoom.next();
        },
      };
      // Only while it waits: a place is given back when the source is torn down, which comes after this.
      subscriber.add(() => {
        if (!isGranted) budget.release(claim);
      });
      budget.claim(claim);
    });
}
