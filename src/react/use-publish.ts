import { useCallback, useState } from 'react';
import type { PublishOptions } from '../pool/publish.ts';
import type { PublishReport } from '../pool/publish-report.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { useRelayPool } from './relay-pool-provider.ts';

/** Reports that are kept. */
const REPORTS = 20;

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
  /** Sends a signed event, as `pool.publish` does. It is the same function on each render. */
  readonly publish: (event: NostrEvent, options?: PublishOptions) => void;
  /** How far each publish of this component has come, the latest first; the last 20. */
  readonly reports: readonly PublishReport[];
  /** Why the last one could not be sent, or did not reach its quorum: a `PoolError` or a `QuorumError`. */
  readonly error: unknown;
}

/**
 * Publishes events, and tells how far that has come at each relay. A publish goes on when the component unmounts: it ends by itself, at its
 * deadline at the latest.
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
export function usePublish(): Publishing {
  const pool = useRelayPool();
  const [reports, setReports] = useState<readonly PublishReport[]>([]);
  const [error, setError] = useState<unknown>(undefined);
  const publish = useCallback(
    (event: NostrEvent, options?: PublishOptions): void => {
      setError(undefined);
      pool.publish(event, options).subscribe({
        next: (report) => setReports((before) => withReport(before, report)),
        error: setError,
      });
    },
    [pool],
  );
  return { publish, reports, error };
}

/** A later report of the same event takes the place of the one before. */
function withReport(reports: readonly PublishReport[], report: PublishReport): readonly PublishReport[] {
  const isSame = ({ event }: PublishReport): boolean => event.id === report.event.id;
  return reports.some(isSame)
    ? reports.map((each) => (isSame(each) ? report : each))
    : [report, ...reports].slice(0, REPORTS);
}
