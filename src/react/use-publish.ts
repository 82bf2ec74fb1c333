import { useCallback, useState } from 'react';
import type { PublishOptions } from '../pool/publish.ts';
import type { PublishReport } from '../pool/publish-report.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { useRelayPool } from './relay-pool-provider.ts';

/**
 * Options of {@link usePublish}.
 *
 * @example
 * ```ts
 * import { type PublishingOptions, usePublish } from 'rx-relay-pool/react';
 *
 * const onlyTheLast: PublishingOptions = { limit: 1 };
 * const usePublishOne = () => usePublish(onlyTheLast);
 * ```
 */
export interface PublishingOptions {
  /** Reports that are kept, of the events that were published last: a whole number above 0. @default 20 */
  readonly limit?: number | undefined;
}

/**
 * What {@link usePublish} gives.
 *
 * @example
 * ```ts
 * import type { Publishing } from 'rx-relay-pool/react';
 *
 * const latest = ({ reports: [report] }: Publishing): string =>
 *   report ? `${report.accepted} accepted it, ${report.pending} have not answered` : 'nothing was published';
 * ```
 */
export interface Publishing {
  /** Sends a signed event, as `pool.publish` does. It is the same function on each render, unless the pool or the limit changes. */
  readonly publish: (event: NostrEvent, options?: PublishOptions) => void;
  /** How far each publish of this component has come, the latest first; so many of them as `limit` says. */
  readonly reports: readonly PublishReport[];
  /** Why the last one could not be sent, or did not reach its quorum: a `PoolError` or a `QuorumError`. */
  readonly error: unknown;
}

/**
 * Publishes events, and tells how far that has come at each relay. A publish goes on when the component unmounts: it ends by itself, at its
 * deadline at the latest.
 *
 * @throws RangeError (while rendering) when `limit` is not a whole number above 0.
 *
 * @example
 * ```ts
 * import { createElement } from 'react';
 * import type { NostrEvent } from 'rx-relay-pool';
 * import { usePublish } from 'rx-relay-pool/react';
 *
 * function Send({ event }: { event: NostrEvent }) {
 *   const { publish, reports: [report] } = usePublish();
 *   const progress = report ? `${report.accepted} accepted it` : 'Send';
 *   return createElement('button', { onClick: () => publish(event) }, progress);
 * }
 * ```
 */
export function usePublish({ limit = 20 }: PublishingOptions = {}): Publishing {
  if (!(Number.isInteger(limit) && limit > 0)) {
    throw new RangeError(`usePublish: 'limit' must be a whole number above 0; got ${limit}.`);
  }
  const pool = useRelayPool();
  const [reports, setReports] = useState<readonly PublishReport[]>([]);
  const [error, setError] = useState<unknown>(undefined);
  const publish = useCallback(
    (event: NostrEvent, options?: PublishOptions): void => {
      setError(undefined);
      let isFirst = true;
      pool.publish(event, options).subscribe({
        next: (report) => {
          const withIt = isFirst ? added : replaced;
          isFirst = false;
          setReports((before) => withIt(before, report).slice(0, limit));
        },
        error: setError,
      });
    },
    [pool, limit],
  );
  return { publish, reports, error };
}

/** With the first report of a publish; one of the same event before it is over. */
function added(reports: readonly PublishReport[], report: PublishReport): readonly PublishReport[] {
  return [report, ...reports.filter(({ event }) => event.id !== report.event.id)];
}

/** With a later report in the place of the one before, unless that was left out. */
function replaced(reports: readonly PublishReport[], report: PublishReport): readonly PublishReport[] {
  return reports.map((each) => (each.event.id === report.event.id ? report : each));
}
