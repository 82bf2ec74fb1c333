import { concatMap, defer, mergeMap, type Observable, tap, timer } from 'rxjs';
import {
  type Filter,
  type RelayPool,
  type RelayStatus,
  type RelayUrl,
  untilSettled,
  type Verifier,
} from '../../src/index.ts';
import type { Latencies } from './latency.ts';

/** A question that costs a relay next to nothing: no event has this id. */
export const NO_EVENT: Filter = { ids: ['0'.repeat(64)], limit: 1 };

/** Asks every relay the same small question now and then, and takes the time from the question to each EOSE. */
export function probe(pool: RelayPool, question: Filter, every: number, latencies: Latencies): Observable<unknown> {
  return timer(0, every).pipe(
    mergeMap(() => {
      const start = performance.now();
      return pool.packets(question).pipe(
        untilSettled(),
        tap((packet) => {
          if (packet.type === 'eose') latencies.record(packet.relay, performance.now() - start);
        }),
      );
    }),
  );
}

/** A line whenever a relay is lost or comes back. */
export function connectionNews(pool: RelayPool, nameOf: (relay: RelayUrl) => string): Observable<string> {
  return defer(() => {
    const lost = new Set<RelayUrl>();
    const newsOf = ({ url, error, state }: RelayStatus): string | undefined => {
      if (error && !lost.has(url)) {
        lost.add(url);
        return `pool: lost ${nameOf(url)} (${error.code})`;
      }
      return state === 'connected' && lost.delete(url) ? `pool: ${nameOf(url)} is connected again` : undefined;
    };
    return pool.relays$.pipe(concatMap((statuses) => statuses.map(newsOf).filter((line) => line !== undefined)));
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
