import { EMPTY, type SchedulerLike, Subscription, type Observable } from 'rxjs';
import { SeenIds } from '../policies/seen-ids.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { Connection } from './connection.ts';

/** When an open connection is asked for a sign of life. */
export interface LivenessOptions {
  /** Milliseconds without a frame after which a connection in use is probed. @default 30_000 */
  readonly livenessInterval?: number | undefined;
  /** Milliseconds that the relay may take to answer a probe. @default 10_000 */
  readonly livenessTimeout?: number | undefined;
  /** Makes connections in use be probed at once, as when a device wakes up. @default never */
  readonly probe$?: Observable<unknown> | undefined;
}

/** No event has this id; a relay answers the question for it with EOSE at once. */
const NOBODY = [{ ids: ['0'.repeat(64)], limit: 1 }];
const IGNORE = { event: ignore, duplicate: ignore, closed: ignore, lost: ignore };

/**
 * Finds half-open connections: one that is in use and silent is asked for an event that does not exist. Any frame counts as a
 * sign of life; none in time ends the connection. Browsers have no ping, so this works everywhere the same.
 */
export function watchLiveness(connection: Connection, options: LivenessOptions): Subscription {
  const { livenessInterval = 30_000, livenessTimeout = 10_000, probe$ = EMPTY } = options;
  const { scheduler } = connection;
  const watch = new Subscription();
  let probing = false;

  const probe = (): void => {
    if (probing || connection.inFlight === 0 || connection.isPaused) return;
    probing = true;
    const askedAt = scheduler.now();
    // Answered, it is closed at once: relays that limit their subscriptions count it.
    const eose = (): void => question.close();
    const delivery = { delivered: new SeenIds({ capacity: 1 }) };
    const question = connection.openSubscription(NOBODY, { ...IGNORE, eose }, delivery);
    after(scheduler, watch, livenessTimeout, () => {
      probing = false;
      question.close();
      if (connection.heardAt >= askedAt) return;
      connection.fail(
        new RelayError('half-open', connection.url, `No sign of life within ${livenessTimeout} ms: dialling again.`),
      );
    });
  };

  const look = (): void => {
    const silentFor = scheduler.now() - connection.heardAt;
    // Where this side does not listen, it is no sign that the other one is silent.
    if (silentFor >= livenessInterval && !connection.isPaused) probe();
    after(scheduler, watch, Math.max(livenessInterval - silentFor, livenessTimeout), look);
  };

  // An error there means no more than silence: there will be no such news.
  watch.add(probe$.subscribe({ next: probe, error: ignore }));
  after(scheduler, watch, livenessInterval, look);
  return watch;
}

function after(scheduler: SchedulerLike, watch: Subscription, delay: number, work: () => void): void {
  const timer = scheduler.schedule(() => {
    watch.remove(timer);
    work();
  }, delay);
  watch.add(timer);
}

function ignore(): void {
  // As a probe's answer: it matters only by coming.
}
