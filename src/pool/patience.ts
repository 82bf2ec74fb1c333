import type { RelaySubscription } from '../sources/relay-subscription.ts';

/** A timer that is this late (milliseconds) says that the thread was blocked, and that answers may wait unread. */
const LATE = 1_000;

/** Milliseconds that a relay may still be silent about a REQ, however busy it is elsewhere. None are left when it is 0 or less. */
export function patienceLeft(subscription: RelaySubscription, silenceTimeout: number, now: number): number {
  const late = now - subscription.heardAt - silenceTimeout;
  if (subscription.isBusy) subscription.heardAt = now;
  else if (late > LATE) subscription.heardAt = now - silenceTimeout + LATE;
  return subscription.heardAt + silenceTimeout - now;
}
