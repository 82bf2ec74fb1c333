import { concat, defer, from, map, type Observable } from 'rxjs';
import type { ExplainedRelay } from '../../src/pool/explanation.ts';
import type { RelayPool, RequestOptions } from '../../src/index.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import type { Packet } from '../../src/protocol/packet.ts';

const GAP = /^events dated (\S+) to (\S+) may be missing$/;

/**
 * A request, told in packets: its events, and when it is over, by its explanation, which relays answered to the end, and what may be missing of
 * theirs. Of those that did not answer nothing is told.
 */
export function toldInPackets(
  pool: RelayPool,
  id: string,
  filters: readonly Filter[],
  options: RequestOptions,
): Observable<Packet> {
  const events$ = pool.request(filters, { ...options, id }).pipe(
    map((event): Packet => {
      const [relay] = pool.seenOn(event);
      if (relay === undefined) throw new Error(`No relay is known to have sent ${event.id}.`);
      return { type: 'event', relay, event };
    }),
  );
  return concat(
    events$,
    defer(() => from((pool.explain(id)?.relays ?? []).flatMap(lastWords))),
  );
}

function lastWords({ relay, steps, omitted }: ExplainedRelay): readonly Packet[] {
  if (omitted > 0 || steps.at(-1)?.what !== 'answered') return [];
  const gaps = steps.flatMap(({ what, why }): Packet[] => {
    const [, since, until] = (what === 'gap' && GAP.exec(why)) || [];
    return since === undefined ? [] : [{ type: 'gap', relay, since: Number(since), until: Number(until) }];
  });
  return [...gaps, { type: 'eose', relay, pending: 0 }];
}
