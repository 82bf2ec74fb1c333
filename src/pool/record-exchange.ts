import { defer, type MonoTypeOperatorFunction, type ObservableNotification, tap } from 'rxjs';
import type { CircuitVerdict } from '../operators/circuit-breaker.ts';
import { TimeoutInFlightError } from '../operators/timeout-in-flight.ts';
import type { RelayErrorCode } from '../protocol/relay-error.ts';
import type { Exchange, Progress } from './exchange.ts';
import type { RelayHealth } from './health.ts';

/** Milliseconds without calls that a relay gets when it says `rate-limited`. */
const PUSH_BACK = 1_000;
/** Trouble that is our own doing and says nothing about the relay. */
const OURS: ReadonlySet<RelayErrorCode> = new Set<RelayErrorCode>(['parked', 'removed', 'pool-closed']);

/** What the progress of an exchange tells the breaker of its relay. The end of a connection counts once, however many exchanges it ends. */
export function verdictOf(health: RelayHealth): (notification: ObservableNotification<Progress>) => CircuitVerdict {
  return (notification) => {
    if (notification.kind !== 'N') return notification.kind === 'E' ? 'failure' : undefined;
    const progress = notification.value;
    switch (progress.type) {
      case 'first-event':
        return undefined;
      case 'answered':
        return 'success';
      case 'refused':
        return progress.reason.prefix === 'rate-limited' ? { pushBack: PUSH_BACK } : 'success';
      case 'failed':
        return !OURS.has(progress.error.code) && health.isNews(progress.error) ? 'failure' : 'ignore';
    }
  };
}

/** Records the latencies and the failures of exchanges; what took too long counts at the time it took. */
export function recordExchange({ verb, health }: Exchange): MonoTypeOperatorFunction<Progress> {
  return (source) =>
    defer(() => {
      const { scheduler } = health;
      const begin = scheduler.now();
      const answer = verb === 'REQ' ? 'eose' : 'ok';
      const took = (): number => scheduler.now() - begin;
      return source.pipe(
        tap({
          next: (progress) => {
            if (progress.type === 'first-event') return health.took('firstEvent', took());
            const isSilent = progress.type === 'failed' && progress.error.code === 'silent';
            if (progress.type === 'answered' || isSilent) health.took(answer, took());
            if (progress.type !== 'failed') health.succeeded('calls');
            else if (!OURS.has(progress.error.code)) health.failed('calls');
          },
          error: (error) => {
            if (!(error instanceof TimeoutInFlightError)) return;
            health.took(answer, took());
            health.failed('calls');
          },
        }),
      );
    });
}
