import { concatMap, defer, mergeMap, type Observable, timer } from 'rxjs';
import {
  type Filter,
  type PoolRelayStatus,
  type RelayPool,
  type RelayUrl,
  untilSettled,
  type Verifier,
} from '../../src/index.ts';

/** A question that costs a relay next to nothing: no event has this id. */
export const NO_EVENT: Filter = { ids: ['0'.repeat(64)], limit: 1 };

/** Asks every relay the same small question now and then, so that the pool has latencies to measure. */
export function probe(pool: RelayPool, question: Filter, every: number): Observable<unknown> {
  return timer(0, every).pipe(mergeMap(() => pool.packets(question).pipe(untilSettled())));
}

/** A line whenever a relay is lost or comes back, and when its circuit opens or closes. */
export function connectionNews(
  pool: Pick<RelayPool, 'relays$'>,
  nameOf: (relay: RelayUrl) => string,
): Observable<string> {
  return defer(() => {
    const lost = new Set<RelayUrl>();
    const opened = new Set<RelayUrl>();
    const linkNews = ({ url, error, state }: PoolRelayStatus): string | undefined => {
      if (error && !lost.has(url)) {
        lost.add(url);
        return `pool: lost ${nameOf(url)} (${error.code})`;
      }
      return state === 'connected' && lost.delete(url) ? `pool: ${nameOf(url)} is connected again` : undefined;
    };
    const circuitNews = ({ url, circuit }: PoolRelayStatus): string | undefined => {
      if (circuit === 'open' && !opened.has(url)) {
        opened.add(url);
        return `pool: ${nameOf(url)} failed too often and is left alone for a while`;
      }
      return circuit === 'closed' && opened.delete(url) ? `pool: ${nameOf(url)} has proved itself again` : undefined;
    };
    const newsOf = (status: PoolRelayStatus): readonly string[] =>
      [linkNews(status), circuitNews(status)].filter((line) => line !== undefined);
    return pool.relays$.pipe(concatMap((statuses) => statuses.flatMap(newsOf)));
  });
}

/** A verifier that takes the time. */
export interface TimedVerifier extends Verifier {
  readonly milliseconds: number;
  readonly signatures: number;
}

export function timed(verifier: Verifier): TimedVerifier {
  const timer = {
    milliseconds: 0,
    signatures: 0,
    verify: (events: Parameters<Verifier['verify']>[0]): ReturnType<Verifier['verify']> => {
      const start = performance.now();
      const verdicts = verifier.verify(events);
      timer.milliseconds += performance.now() - start;
      timer.signatures += events.length;
      return verdicts;
    },
  };
  return timer;
}
