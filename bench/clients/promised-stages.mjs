import {
  bulkhead,
  Bulkhead,
  CircuitBreaker,
  circuitBreaker,
  LatencyHistogram,
  measureLatency,
  refuseWhileOpen,
} from 'rx-relay-pool';
import { pipe } from 'rxjs';
import { clientOf } from './promised-publish.mjs';

/**
 * The bare client that publishes with reports, and through the stages that each relay has in a pool: our operators, as anybody can use them.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export const connect = ({ relays }) => clientOf(relays, 'reports', stages);

function stages() {
  const breaker = new CircuitBreaker();
  const turns = new Bulkhead({ permits: 256 });
  return pipe(
    circuitBreaker(breaker),
    measureLatency(new LatencyHistogram()),
    bulkhead(turns, { priority: 'high', deadline: 10_000 }),
    refuseWhileOpen(breaker),
  );
}
