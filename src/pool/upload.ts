import { bufferCount, concatMap, defer, EMPTY, from, map, mergeMap, type Observable, reduce, tap } from 'rxjs';
import { encodeEvent } from '../protocol/message.ts';
import { deliver } from './delivery.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { SyncContext, SyncSettings } from './sync-options.ts';
import type { LocalEvents } from './sync-store.ts';

/** What became of some events. */
export interface Uploaded {
  readonly uploaded: number;
  readonly failed: number;
  /** So many failed in a row that the rest was not tried. */
  readonly isGivenUp: boolean;
}

/** Events that are read from the store at once. */
const CHUNK = 100;
/** Events that wait for their OK at once. */
const AT_ONCE = 8;
/** Failures in a row after which a relay is left in peace. */
const MOST_FAILURES = 20;

/** Publishes events of the store to one relay; emits after every chunk. */
export function upload(
  relay: PooledRelay,
  ids: readonly string[],
  local: LocalEvents,
  { silenceTimeout: deadline, priority }: Pick<SyncSettings, 'silenceTimeout' | 'priority'>,
  context: SyncContext,
): Observable<Uploaded> {
  return defer(() => {
    let failures = 0;
    const isGivenUp = (): boolean => failures >= MOST_FAILURES;
    return from(ids).pipe(
      bufferCount(CHUNK),
      concatMap((chunk) => {
        if (isGivenUp()) return [{ uploaded: 0, failed: chunk.length, isGivenUp: true }];
        return local.get(chunk).pipe(
          mergeMap(
            (event) =>
              isGivenUp() ? EMPTY : deliver(relay, event, encodeEvent(event), { deadline, priority }, context),
            AT_ONCE,
          ),
          map(({ status }) => status === 'answered'),
          tap((isAccepted) => (failures = isAccepted ? 0 : failures + 1)),
          reduce((accepted, isAccepted) => accepted + (isAccepted ? 1 : 0), 0),
          map((uploaded): Uploaded => ({ uploaded, failed: chunk.length - uploaded, isGivenUp: isGivenUp() })),
        );
      }),
    );
  });
}
