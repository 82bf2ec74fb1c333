export { checkHistory } from './check-history.ts';
export { EventStore } from './event-store.ts';
export type { QueryOptions, StoreChange, StoredPage, StoreOutcome } from './event-store.ts';
export type { Lie, RelayFaults } from './faults.ts';
export type { HistoryEntry } from './history-entry.ts';
export type { HistoryCheckOptions, HistoryRule, HistoryViolation } from './history-rule.ts';
export type { HostileConditions } from './hostile-conditions.ts';
export { HostileLink } from './hostile-link.ts';
export type { HostileLinkOptions } from './hostile-link.ts';
export { fakeEvent, signedEvent, testKey, testKeys, testSigner } from './identity.ts';
export type { TestEventTemplate, TestKey, TestSigner } from './identity.ts';
export { logNormalLatency, paretoLatency, uniformLatency, type Latency } from './latency.ts';
export { RecordedHistory, type RecordedAsking } from './recorded-history.ts';
export { RelayCore } from './relay-core.ts';
export type {
  Flood,
  ReceivedMessage,
  RelayAuthentication,
  RelayLimits,
  RelayOptions,
  RelayPeer,
} from './relay-options.ts';
export { RelaySession } from './relay-session.ts';
export { seededRandom } from './seeded-random.ts';
export { TestRelay } from './test-relay.ts';
export type { TestRelayOptions } from './test-relay.ts';
export type { TieBreak } from './time-order.ts';
export { VirtualNetwork, VirtualRelay } from './virtual-network.ts';
export type { LinkConditions, VirtualNetworkOptions } from './virtual-network.ts';
export { VirtualTime } from './virtual-time.ts';
export type { VirtualTimeOptions } from './virtual-time.ts';
export { VirtualWebSocket } from './virtual-web-socket.ts';
