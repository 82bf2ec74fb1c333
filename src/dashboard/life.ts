import type { ExplainedRelay, ExplainedStep, Explanation } from '../pool/explanation.ts';
import { cut, milliseconds } from './format.ts';
import type { DashboardCall } from './source.ts';

/** A stretch of time at one relay: it waited for its turn, for the answer, or goes on live. */
export interface Span {
  readonly kind: 'waiting' | 'asked' | 'live';
  /** Shares of the time axis, 0 to 1. */
  readonly from: number;
  readonly to: number;
}

/** A call at one relay on the time axis. */
export interface Lane {
  readonly relay: string;
  readonly spans: readonly Span[];
  readonly steps: readonly (ExplainedStep & { readonly at: number })[];
  readonly text: string;
  /** How it stands there. */
  readonly outcome: ExplainedStep['what'] | 'considered';
}

/** The life of a call, ready to be drawn. */
export interface Life {
  readonly title: string;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly lanes: readonly Lane[];
}

/** Ticks of the time axis, the first aside. */
const TICKS = 4;
const LANES = 50;

export function lifeOf(explanation: Explanation): Life {
  const { relays, beganAt, endedAt } = explanation;
  const last = Math.max(0, ...relays.flatMap(({ steps }) => steps.map(({ after }) => after)));
  const total = roundUp(Math.max(last, endedAt === undefined ? 0 : endedAt - beganAt, 1));
  const end = endedAt === undefined ? 'goes on' : `took ${milliseconds(endedAt - beganAt)}`;
  const left = relays.length - LANES;
  return {
    title: `${nameOf(explanation)}, ${explanation.priority}, ${end}${left > 0 ? `; ${left} more relays` : ''}`,
    ticks: Array.from({ length: TICKS + 1 }, (_, index) => ({
      at: index / TICKS,
      label: index === 0 ? '0' : milliseconds((total * index) / TICKS),
    })),
    lanes: relays.slice(0, LANES).map((relay) => laneOf(relay, total, endedAt === undefined)),
  };
}

/** A call in few words: `REQ feed: kinds 1, 3 authors`. */
export function nameOf({ verb, ids, call, filters, event, title }: DashboardCall): string {
  if (title !== undefined) return title;
  const [id = ''] = ids;
  const name = event || id === `${call}` ? '' : ` ${cut(id, 40)}`;
  const what = event ? `kind ${event.kind}, ${event.id.slice(0, 8)}…` : filtersText(filters ?? []);
  return `${verb}${name}: ${what}`;
}

function filtersText(filters: NonNullable<DashboardCall['filters']>): string {
  const [filter, ...others] = filters;
  if (!filter) return 'nothing';
  const parts = Object.entries(filter).map(([key, value]) => {
    if (!Array.isArray(value)) return `${key} ${cut(String(value), 20)}`;
    if (key === 'kinds') return `${value.length === 1 ? 'kind' : 'kinds'} ${cut(value.join(' '), 24)}`;
    return `${value.length} ${value.length === 1 ? key.replace(/s$/, '') : key}`;
  });
  const more = others.length > 0 ? ` and ${others.length} more filters` : '';
  return `${parts.length > 0 ? parts.join(', ') : 'everything'}${more}`;
}

function laneOf({ relay, steps, omitted }: ExplainedRelay, total: number, goesOn: boolean): Lane {
  const spans: Span[] = [];
  let open: { readonly kind: Span['kind']; readonly from: number } | undefined;
  const place = (after: number): number => Math.min(1, Math.max(0, after / total));
  for (const { what, after } of steps) {
    if (open && what !== 'throttled' && what !== 'gap') {
      spans.push({ ...open, to: place(after) });
      open = undefined;
    }
    if (what === 'chosen') open = { kind: 'waiting', from: place(after) };
    if (what === 'sent') open = { kind: 'asked', from: place(after) };
    // An answer may come late: what follows it at once is the answer itself.
    if (what === 'answered' && goesOn) open = { kind: 'live', from: place(after) };
  }
  if (open && goesOn) spans.push({ ...open, to: 1 });
  const before = omitted > 0 ? [`${omitted} steps before`] : [];
  const said = steps.map(
    ({ what, after, why }) => `${what} +${milliseconds(after)}${why === '' ? '' : ` (${cut(why, 200)})`}`,
  );
  return {
    relay,
    spans,
    steps: steps.map((step) => ({ ...step, at: place(step.after) })),
    text: [...before, ...said].join(' · '),
    outcome: steps.at(-1)?.what ?? 'considered',
  };
}

/** The next number of the form 1, 2, 4, 6 or 8 times a power of ten: they quarter well. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 8, 10].find((factor) => factor * power >= value) ?? 10) * power;
}
