import type { Priority } from '../policies/queue-outcome.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { Exchange } from './exchange.ts';

/**
 * Something that happened to a call at one relay:
 *
 * - `chosen`, `skipped`, `left`: what the route decided
 * - `throttled`: it waited for its turn before it was sent
 * - `sent`, `answered`: how it went
 * - `late`: the answer took longer than the relay's answers usually do, or there was none in time
 * - `refused`, `lost`, `gap`: what was wrong
 *
 * @example
 * ```ts
 * import type { ExplainedStep } from 'rx-relay-pool';
 *
 * const isTrouble = ({ what }: ExplainedStep): boolean => ['late', 'refused', 'lost', 'gap'].includes(what);
 * ```
 */
export interface ExplainedStep {
  /** Milliseconds since the call began. */
  readonly after: number;
  readonly what:
    'chosen' | 'skipped' | 'left' | 'throttled' | 'sent' | 'answered' | 'late' | 'refused' | 'lost' | 'gap';
  /** For people. */
  readonly why: string;
}

/**
 * What a call had to do with one relay.
 *
 * @example
 * ```ts
 * import type { ExplainedRelay } from 'rx-relay-pool';
 *
 * const last = ({ relay, steps }: ExplainedRelay): string => `${relay}: ${steps.at(-1)?.what}`;
 * ```
 */
export interface ExplainedRelay {
  readonly relay: RelayUrl;
  /** What the pool knew of it when it was first considered. */
  readonly known: {
    /** Whether it seemed to work. */
    readonly isReady: boolean;
    /** Share of what was asked of it that it did, 0 to 1. */
    readonly reliability: number;
    /** Milliseconds that an answer was likely to take; undefined when not measured. */
    readonly cost: number | undefined;
    /** Exchanges under way, and waiting for their turn. */
    readonly inFlight: number;
    readonly queued: number;
  };
  /** In the order in which they happened; of many, the latest. */
  readonly steps: readonly ExplainedStep[];
  /** Steps before those that are not kept. */
  readonly omitted: number;
}

/**
 * Why a request, a count or a publish went as it did: which relays were considered, chosen, skipped, throttled or late. Plain data;
 * {@link explanationText} makes a text of it.
 *
 * @example
 * ```ts
 * import type { Explanation } from 'rx-relay-pool';
 *
 * const asked = ({ relays }: Explanation): number =>
 *   relays.filter(({ steps }) => steps.some(({ what }) => what === 'sent')).length;
 * ```
 */
export interface Explanation {
  /** Tells the call from the others of its pool, which counts them from 1. */
  readonly call: number;
  /** The option `id`, of each that shares the request, or a number that the pool gave it; of a publish the event's id. */
  readonly ids: readonly string[];
  readonly verb: Exchange['verb'];
  /** What was asked; absent for an event. */
  readonly filters?: readonly Filter[];
  /** What was published; absent for a request. */
  readonly event?: NostrEvent;
  readonly priority: Priority;
  /** When it began, in milliseconds by the scheduler's clock. */
  readonly beganAt: number;
  /** When it ended; absent while it goes on. */
  readonly endedAt?: number;
  /** In the order in which they were first considered. */
  readonly relays: readonly ExplainedRelay[];
}

/**
 * An {@link Explanation} as a text for people, a few lines a relay.
 *
 * @example
 * ```ts
 * import { explanationText, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const subscription = pool.subscribe({ kinds: [1] }, { id: 'feed' }).subscribe();
 * const explanation = pool.explain('feed');
 * if (explanation) console.log(explanationText(explanation));
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function explanationText({
  ids,
  verb,
  filters,
  event,
  priority,
  beganAt,
  endedAt,
  relays,
}: Explanation): string {
  const what = event ? `kind ${event.kind}` : JSON.stringify(filters);
  const time = new Date(beganAt).toISOString();
  const end = endedAt === undefined ? 'goes on' : `took ${Math.round(endedAt - beganAt)} ms`;
  return [`${verb} ${ids.join(', ')}: ${what}, ${priority}, began ${time}, ${end}`, ...relays.map(textOfRelay)].join(
    '\n',
  );
}

function textOfRelay({ relay, known, steps, omitted }: ExplainedRelay): string {
  const { isReady, reliability, cost, inFlight, queued } = known;
  const latency = cost === undefined ? 'not measured' : `${Math.round(cost)} ms`;
  const state = `${isReady ? 'ready' : 'not ready'}, reliability ${reliability.toFixed(2)}, ${latency}, ${inFlight} in flight, ${queued} queued`;
  const rest = omitted > 0 ? [`  (${omitted} steps before)`] : [];
  const lines = steps.map(
    ({ after, what, why }) => `  +${Math.round(after)} ms ${what}${why === '' ? '' : `: ${why}`}`,
  );
  return [`${relay} (${state})`, ...rest, ...lines].join('\n');
}
