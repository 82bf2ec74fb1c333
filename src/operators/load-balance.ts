import { asyncScheduler, map, type OperatorFunction, type SchedulerLike } from 'rxjs';
import type { Balanced, BalanceStrategy } from '../policies/balance.ts';
import type { OutlierEjection } from '../policies/outlier-ejection.ts';
import { platformRandom } from '../policies/platform-random.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import { readyOrPanic } from '../policies/ready-or-panic.ts';
import { weightedTop } from '../policies/weighted-top.ts';

/**
 * What {@link loadBalance} can be told.
 *
 * @example
 * ```ts
 * import type { LoadBalanceOptions } from 'rx-relay-pool';
 *
 * const neverPanic: LoadBalanceOptions = { priority: 'high', panicThreshold: 0 };
 * ```
 */
export interface LoadBalanceOptions {
  /** How urgent the calls are that the candidates are ranked for. @default 'normal' */
  readonly priority?: Priority | undefined;
  /** Draws from 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** The share of the candidates that has to be ready, 0 to 1: with fewer, all are ranked. 0 for never. @default 0.5 */
  readonly panicThreshold?: number | undefined;
  /** Knows who fails more often than the others; whoever makes the calls tells it. @default nobody is ejected */
  readonly ejection?: Pick<OutlierEjection, 'isEjected'> | undefined;
  /** The clock of the ejection. @default asyncScheduler */
  readonly scheduler?: Pick<SchedulerLike, 'now'> | undefined;
}

/**
 * Ranks candidates: a list in, and the same ones out, the one to ask first at the front. Only those that are ready and not ejected come
 * out; unless these are fewer than `panicThreshold` of the list, when all do, ready or not (as Envoy does in a panic). An empty list
 * out means that there is nobody to ask.
 *
 * Each list is ranked by itself, so it must say how things are now: how many calls are under way, and what they cost. It adds no error of its
 * own; the stream errors with what a strategy or an ejection of the caller's throws.
 *
 * @param strategy - Defaults to {@link weightedTop}, which had the shortest tail in the simulation (docs/decisions/0007-load-balancing.md).
 * @throws RangeError at once for a threshold out of its range.
 *
 * @example
 * ```ts
 * import { map, type Observable } from 'rxjs';
 * import { type Balanced, loadBalance, weightedTop } from 'rx-relay-pool';
 *
 * declare const mirrors$: Observable<readonly Balanced[]>;
 * const best$ = mirrors$.pipe(
 *   loadBalance(weightedTop(), { priority: 'high' }),
 *   map(([first]) => first?.key),
 * );
 * best$.subscribe((url) => console.log(url ?? 'nobody to ask'));
 * ```
 */
export function loadBalance<T extends Balanced>(
  strategy: BalanceStrategy = weightedTop(),
  options: LoadBalanceOptions = {},
): OperatorFunction<readonly T[], readonly T[]> {
  const { priority = 'normal', random = platformRandom, panicThreshold = 0.5 } = options;
  const { ejection, scheduler = asyncScheduler } = options;
  if (!(panicThreshold >= 0 && panicThreshold <= 1)) {
    throw new RangeError(`loadBalance: 'panicThreshold' must be from 0 to 1; got ${panicThreshold}.`);
  }
  return map((candidates) => {
    const isEjected = (key: string): boolean => ejection?.isEjected(key, scheduler.now()) ?? false;
    return strategy.rank(readyOrPanic(candidates, panicThreshold, isEjected), { priority, random });
  });
}
