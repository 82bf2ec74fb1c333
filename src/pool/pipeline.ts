import { identity, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import { bulkhead } from '../operators/bulkhead.ts';
import { circuitBreaker } from '../operators/circuit-breaker.ts';
import { refuseWhileOpen } from '../operators/refuse-while-open.ts';
import { timeoutInFlight } from '../operators/timeout-in-flight.ts';
import type { Exchange, Progress } from './exchange.ts';
import { recordExchange, verdictOf } from './record-exchange.ts';

/**
 * One stage of the pipe: what it does with an exchange. A subscription to its source begins the exchange, unsubscribing takes it back.
 *
 * @example
 * ```ts
 * import { tap } from 'rxjs';
 * import { RelayPool, type Stage } from 'rx-relay-pool';
 *
 * const logged: Stage = ({ relay, verb }) => tap(({ type }) => console.log(verb, type, relay));
 * const pool = new RelayPool({ relays: ['wss://relay.example'], stages: { health: logged } });
 * pool.close();
 * ```
 */
export type Stage = (exchange: Exchange) => MonoTypeOperatorFunction<Progress>;

/**
 * The stages behind the route, each with a default: {@link pipelineStages} has them.
 *
 * @example
 * ```ts
 * import { identity } from 'rxjs';
 * import { type PipelineStages, RelayPool } from 'rx-relay-pool';
 *
 * const withoutBreaker: Partial<PipelineStages> = { guard: () => identity, outcome: () => identity };
 * new RelayPool({ stages: withoutBreaker }).close();
 * ```
 */
export interface PipelineStages {
  /** Refuses what has no chance. @default `refuseWhileOpen` of the relay's breaker */
  readonly guard: Stage;
  /** Waits for its turn. @default `bulkhead` of the relay, by priority */
  readonly queue: Stage;
  /** Bounds how long the answer may take. @default `timeoutInFlight`, where `timeout` is less than Infinity */
  readonly send: Stage;
  /** Judges how it went. @default `circuitBreaker` of the relay */
  readonly outcome: Stage;
  /** Learns from it. @default latencies and error rates, for `metrics$` and the relay's load */
  readonly health: Stage;
}

/**
 * The default stages of a pool, to be reused by stages of your own.
 *
 * @example
 * ```ts
 * import { pipe, tap } from 'rxjs';
 * import { pipelineStages, RelayPool, type Stage } from 'rx-relay-pool';
 *
 * const queue: Stage = (exchange) => pipe(pipelineStages.queue(exchange), tap(({ type }) => console.log(type)));
 * new RelayPool({ stages: { queue } }).close();
 * ```
 */
export const pipelineStages: PipelineStages = {
  guard: ({ health }) => refuseWhileOpen(health.breaker),
  queue: ({ health, priority, patience }) => bulkhead(health.bulkhead, { priority, deadline: patience }),
  send: ({ health, timeout }) =>
    timeout < Infinity ? timeoutInFlight(timeout, { scheduler: health.scheduler }) : identity,
  outcome: (exchange) => circuitBreaker(exchange.health.breaker, { classify: verdictOf(exchange) }),
  health: recordExchange,
};

/**
 * The pipe behind the route: guard ─▶ queue ─▶ send ─▶ outcome ─▶ health. It reads upwards, as each stage decides whether and when the one
 * above it is subscribed to.
 */
export function pipeline(send: Observable<Progress>, exchange: Exchange, stages: PipelineStages): Observable<Progress> {
  return send.pipe(
    stages.send(exchange),
    stages.outcome(exchange),
    stages.health(exchange),
    stages.queue(exchange),
    stages.guard(exchange),
  );
}
