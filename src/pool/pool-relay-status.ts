import type { CircuitState } from '../policies/circuit-state.ts';
import type { RelayStatus } from '../sources/relay.ts';

/**
 * A relay of a pool at one moment: how its best connection stands, what it has to do, and whether it is spared.
 *
 * @example
 * ```ts
 * import type { PoolRelayStatus } from 'rx-relay-pool';
 *
 * const describe = ({ url, state, circuit, isReduced }: PoolRelayStatus): string =>
 *   `${url}: ${state}${circuit === 'closed' ? '' : `, circuit ${circuit}`}${isReduced ? ', slow: it is given less to do' : ''}`;
 * ```
 */
export interface PoolRelayStatus extends RelayStatus {
  /** Connections that are open. */
  readonly connections: number;
  /** REQs and EVENTs that wait for their answer. */
  readonly inFlight: number;
  /** REQs and EVENTs that wait for their turn. */
  readonly queued: number;
  /** Whether it is asked at all: `open` while it fails too often. */
  readonly circuit: CircuitState;
  /** How many exchanges may be under way at a time. */
  readonly permits: number;
  /** The share of its load that it is given: 1, or less while it answers too slowly. */
  readonly weight: number;
  /** Whether its load is reduced because it answers too slowly. */
  readonly isReduced: boolean;
}
