import { type SchedulerLike, Subscription } from 'rxjs';

/** A timer that is this late (milliseconds) says that the thread was blocked, and that answers may wait unread. */
const LATE = 1_000;

/** What a relay was asked, and has to answer. */
interface Awaited {
  /** When it was last heard of, by the scheduler's clock. */
  heardAt: number;
  /** Whether it is our turn. */
  readonly isBusy: boolean;
}

/** Milliseconds that a relay may still be silent about this, however busy it is elsewhere. None are left when it is 0 or less. */
function patienceLeft(asked: Awaited, silenceTimeout: number, now: number): number {
  const late = now - asked.heardAt - silenceTimeout;
  if (asked.isBusy) asked.heardAt = now;
  else if (late > LATE) asked.heardAt = now - silenceTimeout + LATE;
  return asked.heardAt + silenceTimeout - now;
}

/** Calls `silent` when the relay was silent about this for so many milliseconds; unsubscribe from what it gives to wait no more. */
export function awaitAnswer(
  asked: Awaited,
  silenceTimeout: number,
  scheduler: SchedulerLike,
  silent: () => void,
): Subscription {
  // A scheduled action stays in whatever it was added to, and this may go on for as long as it is our turn: so there is one variable.
  let timer = Subscription.EMPTY;
  const wait = (delay: number): void => {
    timer = scheduler.schedule(() => {
      const left = patienceLeft(asked, silenceTimeout, scheduler.now());
      if (left > 0) wait(left);
      else silent();
    }, delay);
  };
  wait(silenceTimeout);
  return new Subscription(() => timer.unsubscribe());
}
