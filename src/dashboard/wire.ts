import type { PoolMetrics } from '../pool/metrics.ts';
import { nameOf } from './life.ts';
import type { DashboardCall, DashboardRelay } from './source.ts';

/** What a server tells its pages, by the names of its server-sent events. */
export interface WireEvents {
  readonly relays: readonly DashboardRelay[];
  readonly metrics: PoolMetrics;
  readonly calls: readonly DashboardCall[];
}
export const WIRE_EVENTS = ['relays', 'metrics', 'calls'] as const satisfies readonly (keyof WireEvents)[];

/** Errors have no fields of their own that JSON would see. */
export function plainRelays(relays: readonly DashboardRelay[]): WireEvents['relays'] {
  return relays.map(({ error, ...relay }) =>
    error ? { ...relay, error: { code: error.code, message: error.message } } : relay,
  );
}

/** Without filters and events, which may be large, and are sent when one call is explained. */
export function plainCalls(calls: readonly DashboardCall[]): WireEvents['calls'] {
  return calls.map(({ filters: _filters, event: _event, ...call }, index) => ({
    ...call,
    title: nameOf(calls[index] ?? call),
  }));
}
