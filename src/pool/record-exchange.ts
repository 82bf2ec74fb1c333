import { defer, type MonoTypeOperatorFunction, type ObservableNotification, tap } from 'rxjs';
import type { CircuitVerdict } from '../operators/circuit-breaker.ts';
import { TimeoutInFlightError } from '../operators/timeout-in-flight.ts';
import type { RelayErrorCode } from '../protocol/relay-error.ts';
import type { Exchange, Progress } from './exchange.ts';
import type { LatencyOf } from './health.ts';

/** Milliseconds without calls that a relay gets when it says `rate-limited`. */
const PUSH_BACK = 1_000;
/** The reading that an answer is; what a COUNT takes says nothing of how fast the relay is at anything else. */
const ANSWERS: Readonly<Record<Exchange['verb'], LatencyOf | undefined>> = {
  REQ: 'eose',
  EVENT: 'ok',
  COUNT: undefined,
  'NEG-OPEN': undefined,
};
/** Trouble that is our own doing and says nothing about the relay. */
const OURS: ReadonlySet<RelayErrorCode> = new Set<RelayErrorCode>(['parked', 'removed', 'pool-closed']);

/**
 * What the progress of an exchange tells the breaker of its relay. The end of a connection counts once, however many exchanges it ends;
 * silence does not count where the relay may not know what it was asked.
 */
export function verdictOf({
  verb,
  health,
}: Pick<Exchange, 'verb' | 'health'>): (notification: ObservableNotification<Progress>) => CircuitVerdict {
  const silence = isOptional(verb) ? 'ignore' : 'failure';
  return (notification) => {
    if (notification.kind !== 'N') return notification.kind === 'E' ? silence : undefined;
    const progress = notification.value;
    switch (progress.type) {
      case 'first-event':
        return undefined;
      case 'answered':
        return 'success';
      case 'refused':
        return progress.reason.prefix === 'rate-limited' ? { pushBack: PUSH_BACK } : 'success';
      case 'failed':
        if (progress.error.code === 'silent' && isOptional(verb)) return 'ignore';
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
      const answer = ANSWERS[verb];
      const took = (): number => scheduler.now() - begin;
      return source.pipe(
        tap({
          next: (progress) => {
            if (progress.type === 'first-event') return health.took('firstEvent', took());
            const isSilent = progress.type === 'failed' && progress.error.code === 'silent';
            if (answer && (progress.type === 'answered' || isSilent)) health.took(answer, took());
            if (isSilent && isOptional(verb)) return;
            if (progress.type !== 'failed') health.succeeded('calls');
            else if (!OURS.has(progress.error.code)) health.failed('calls');
          },
          error: (error) => {
            if (!(error instanceof TimeoutInFlightError) || isOptional(verb)) return;
            if (answer) health.took(answer, took());
            health.failed('calls');
          },
        }),
      );
    });
}

/** Whether a relay may not know the verb (NIP-45, NIP-77), and then often says nothing. */
function isOptional(verb: Exchange['verb']): boolean {
  return verb !== 'REQ' && verb !== 'EVENT';
}
