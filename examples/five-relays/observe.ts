import { filter, from, map, mergeMap, type Observable, pairwise, tap, timer } from 'rxjs';
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
  return pool.relays$.pipe(
    pairwise(),
    mergeMap(([before, after]) =>
      from(after).pipe(map((status) => [before.find(({ url }) => url === status.url), status] as const)),
    ),
    map(([before, after]) => newsOf(before, after, nameOf(after.url))),
    filter((line) => line !== undefined),
  );
}

function newsOf(before: RelayStatus | undefined, after: RelayStatus, name: string): string | undefined {
  if (after.error && after.error !== before?.error) return `pool: lost ${name} (${after.error.code})`;
  const isBack = after.counters.connects > Math.max(1, before?.counters.connects ?? 0);
  return isBack ? `pool: ${name} is connected again` : undefined;
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
