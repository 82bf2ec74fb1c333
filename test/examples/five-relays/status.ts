import { type PoolRelayStatus, relayUrl } from '../../../src/index.ts';
import { newRelayCounters } from '../../../src/sources/relay-counters.ts';

/** A relay that is connected and idle, but for what is given. */
export function statusOf(change: Partial<PoolRelayStatus> = {}): PoolRelayStatus {
  return {
    url: relayUrl('wss://relay.example'),
    state: 'connected',
    since: 0,
    attempts: 0,
    counters: newRelayCounters(),
    connections: 1,
    inFlight: 0,
    queued: 0,
    circuit: 'closed',
    permits: 64,
    weight: 1,
    isReduced: false,
    ...change,
  };
}
