import type { NostrEvent } from '../protocol/event.ts';
import { normalizeFilters, type Filter } from '../protocol/filter.ts';
import { relayClosed, relayEose, relayEvent, relayNotice } from '../protocol/relay-frame.ts';
import { matcherOf } from './event-store.ts';
import { seconds, type RelayContext } from './relay-context.ts';

/** An open subscription. */
export interface OpenSubscription {
  readonly id: string;
  /** Whether a live event belongs to it. */
  readonly matches: (event: NostrEvent) => boolean;
}

/** Frames to send, and whether the connection is to be cut after them. */
export interface Answer {
  readonly frames: readonly string[];
  readonly cut: boolean;
}

/** The filters as they came, or what is wrong with them. */
export function readFilters(values: readonly unknown[]): readonly Filter[] | string {
  const filters = values as readonly Filter[];
  try {
    // Only to check them: the order of keys and values in the original decides about HyperLogLog (NIP-45).
    normalizeFilters(filters);
    return filters;
  } catch (error) {
    return `invalid: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export function openSubscription(id: string, filters: readonly Filter[]): OpenSubscription {
  const matchers = filters.map(matcherOf);
  return { id, matches: (event) => matchers.some((matches) => matches(event)) };
}

/** The stored events and EOSE, with the relay's faults. */
export function answerRequest(context: RelayContext, filters: readonly Filter[], open: OpenSubscription): Answer {
  const { faults, limits, options, store } = context;
  const asked = filters.map((filter) =>
    faults.ignoresLimitZero && filter.limit === 0 ? withoutLimit(filter) : filter,
  );
  const queryOptions = {
    now: seconds(context),
    tieBreak: faults.tieBreak,
    defaultLimit: limits.default_limit,
    maxLimit: Math.min(limits.max_limit ?? Infinity, faults.cap ?? Infinity),
  };
  const withHints = options.hints ?? true;
  const { events, complete } = withHints
    ? store.page(asked, queryOptions)
    : { events: store.query(asked, queryOptions), complete: false };
  // Where no hint says whether there is more, only the lengths of answers tell.
  if (withHints ? faults.hidesMore && !complete : events.some((event) => changesLength(context, event)))
    withheldBy(context, asked, events);
  const sent = inOrder(context, events).flatMap((event) => eventFrames(context, event, open));
  if (faults.dropAfter !== undefined && sent.length >= faults.dropAfter) {
    const cut = { frames: sent.slice(0, faults.dropAfter), cut: true };
    faults.dropAfter = undefined;
    return cut;
  }
  const eose = relayEose(open.id, withHints ? [complete || faults.hidesMore ? 'finish' : 'more'] : undefined);
  const ends = faults.noEose ? [] : faults.duplicateEose ? [eose, eose] : [eose];
  return { frames: [...sent, ...ends], cut: false };
}

/** One event on its way to one subscription: itself, or the lie about it, or both. */
export function eventFrames(context: RelayContext, event: NostrEvent, open: OpenSubscription): readonly string[] {
  const { faults, liar } = context;
  if (faults.withholds?.(event)) {
    context.withheld(event);
    return [];
  }
  const lie = faults.lie && liar.lie(faults.lie, event, open.matches, seconds(context));
  if (lie !== undefined && !faults.lieInFront) context.withheld(event);
  const sent = lie === undefined ? [event] : faults.lieInFront ? [lie, event] : [lie];
  return sent.map((each) => relayEvent(open.id, each));
}

/**
 * Whether a fault makes the answer shorter by this event, so that it passes for all that there is, or longer by a valid one, so that
 * the next answer does.
 */
function changesLength({ faults }: RelayContext, event: NostrEvent): boolean {
  if (faults.withholds?.(event)) return true;
  return faults.lie !== undefined && (!faults.lieInFront || faults.lie === 'future-dated');
}

/** Notes what a cap left out of an answer that passes for whole. */
function withheldBy(context: RelayContext, asked: readonly Filter[], sent: readonly NostrEvent[]): void {
  const isSent = new Set(sent);
  for (const event of context.store.query(asked, { now: seconds(context) })) {
    if (!isSent.has(event)) context.withheld(event);
  }
}

/** The ways to answer a REQ that is one too many. */
export function excessFrames(
  id: string,
): Readonly<Record<'closed' | 'notice' | 'eose' | 'silence', readonly string[]>> {
  const text = 'rate-limited: too many open subscriptions';
  return { closed: [relayClosed(id, text)], notice: [relayNotice(text)], eose: [relayEose(id)], silence: [] };
}

function inOrder({ faults, random }: RelayContext, events: readonly NostrEvent[]): readonly NostrEvent[] {
  if (faults.order === 'oldest') return [...events].reverse();
  if (faults.order === 'newest') return events;
  const shuffled = [...events];
  for (const [at, event] of events.entries()) {
    const other = Math.floor(random() * (at + 1));
    shuffled[at] = shuffled[other] ?? event;
    shuffled[other] = event;
  }
  return shuffled;
}

function withoutLimit(filter: Filter): Filter {
  const { limit: _, ...rest } = filter;
  return rest;
}
