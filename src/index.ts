export * from './operators/bulkhead.ts';
export { Bulkhead, type BulkheadOptions } from './operators/bulkhead-handle.ts';
export { BufferOverflowError, type BufferOverflow } from './policies/bounded-buffer.ts';
export * from './operators/buffer-events.ts';
export type { BufferOptions } from './operators/buffer-options.ts';
export * from './operators/to-async-iterable.ts';
export * from './operators/circuit-breaker-handle.ts';
export * from './operators/circuit-breaker.ts';
export * from './operators/events.ts';
export * from './operators/latest-replaceable.ts';
export * from './operators/hedge.ts';
export * from './operators/latency-percentiles.ts';
export * from './operators/load-balance.ts';
export * from './operators/measure-latency.ts';
export * from './operators/priority-merge-map.ts';
export * from './operators/quorum.ts';
export * from './operators/reconnect.ts';
export * from './operators/relay-lists.ts';
export * from './operators/refuse-while-open.ts';
export * from './operators/throughput.ts';
export * from './operators/timeout-in-flight.ts';
export * from './operators/unique-events.ts';
export * from './operators/until-settled.ts';
export * from './operators/verify-events.ts';
export * from './operators/within-budget.ts';
export * from './operators/without-deleted.ts';
export * from './operators/socket-budget.ts';
export { Backoff, type BackoffOptions } from './policies/backoff.ts';
export type { Balanced, BalanceCall, BalanceStrategy } from './policies/balance.ts';
export type { CircuitBreakerNumbers } from './policies/circuit-breaker-options.ts';
export type {
  CircuitCause,
  CircuitMemory,
  CircuitRefusal,
  CircuitState,
  CircuitStats,
} from './policies/circuit-state.ts';
export * from './policies/hedge-policy.ts';
export * from './policies/histogram-window.ts';
export * from './policies/latency-histogram.ts';
export { LoadLimit, type LoadLimitOptions } from './policies/load-limit.ts';
export { rankByDistance, type Rankable, type RankOptions } from './policies/nearest.ts';
export * from './policies/outlier-ejection.ts';
export * from './policies/peak-ewma.ts';
export { PoolSize, type PoolSizeOptions } from './policies/pool-size.ts';
export { powerOfTwoChoices } from './policies/power-of-two-choices.ts';
export * from './policies/priority-queue.ts';
export type { QuorumSize } from './policies/quorum.ts';
export type { Throughput } from './policies/rate-window.ts';
export type { RelayBudget, RelayBudgets } from './policies/relay-conduct.ts';
export type { DiscoveredRelay } from './policies/relay-directory.ts';
export type { ResumeOptions } from './policies/resume-cursor.ts';
export { SeenIds } from './policies/seen-ids.ts';
export { coverSets, type SetCover, type SetCoverOptions } from './policies/set-cover.ts';
export { type ScoreWeights, weightedTop, type WeightedTopOptions } from './policies/weighted-top.ts';
export { balanced, type BalancedOptions } from './pool/balanced.ts';
export type { ClusterOptions, RelayCluster } from './pool/cluster.ts';
export type { CountOptions } from './pool/count.ts';
export type { CountOutcome, CountReport } from './pool/count-report.ts';
export { firstOf, limit, union, where } from './pool/combined-routes.ts';
export type { Exchange, Progress } from './pool/exchange.ts';
export { type ExplainedRelay, type ExplainedStep, type Explanation, explanationText } from './pool/explanation.ts';
export type { LatencyOf, RelayHealth } from './pool/health.ts';
export type { Measurements, PoolMetrics, RelayMetrics } from './pool/metrics.ts';
export { nearest, type NearestOptions } from './pool/nearest.ts';
export { type Knowledge, outbox, type OutboxOptions } from './pool/outbox.ts';
export { pipelineStages, type PipelineStages, type Stage } from './pool/pipeline.ts';
export { PoolError, type PoolErrorCode } from './pool/pool-error.ts';
export type { PooledRelay } from './pool/pooled-relay.ts';
export type { PoolRelayStatus } from './pool/pool-relay-status.ts';
export type { PublishOptions } from './pool/publish.ts';
export type { PublishQuorum } from './pool/publish-quorum.ts';
export type { PublishOutcome, PublishReport } from './pool/publish-report.ts';
export type { PoolMemory, RelayMemory } from './pool/relay-memory.ts';
export { RelayPool, type RelayPoolOptions } from './pool/relay-pool.ts';
export type { RelayOrigin } from './pool/registry.ts';
export type { FilterInput, RequestOptions } from './pool/requests.ts';
export type { Candidates, Choice, RelayProgress, Route, RoutedCall } from './pool/route.ts';
export { cluster, everyRelay, only } from './pool/routes.ts';
export type { SyncOptions } from './pool/sync-options.ts';
export type { RelaySync, SyncProgress, SyncStatus } from './pool/sync-progress.ts';
export type { SyncStore } from './pool/sync-store.ts';
export {
  classifyKind,
  expiresAt,
  isWellFormedEvent,
  type KindClass,
  type NostrEvent,
  replaceableKey,
  supersedes,
} from './protocol/event.ts';
export { type Filter, FilterError, matchesFilter, normalizeFilters } from './protocol/filter.ts';
export { encodeHyperLogLog, estimateHyperLogLog, mergeHyperLogLogs, parseHyperLogLog } from './protocol/hyperloglog.ts';
export type { Packet } from './protocol/packet.ts';
export type { Place } from './protocol/place.ts';
export { placeOfCountry } from './protocol/country-places.ts';
export { acceptedByRelay, isRetryable, parseReason, type Reason, type ReasonPrefix } from './protocol/reason.ts';
export { RelayError, type RelayErrorCode } from './protocol/relay-error.ts';
export type { RelayInformation, RelayRetention } from './protocol/relay-information-document.ts';
export type { RelayLimits } from './protocol/relay-limits.ts';
export {
  readBlockedRelays,
  readDirectMessageRelays,
  readRelayList,
  type RelayList,
  type RelayListOptions,
} from './protocol/relay-list.ts';
export {
  type MonitorAnnouncement,
  readMonitorAnnouncement,
  readRelayDiscovery,
  type RelayDiscovery,
  type RelayFindings,
  type RoundTrip,
} from './protocol/relay-monitor.ts';
export { admitRelayUrl, relayUrl, type RelayUrl, RelayUrlError } from './protocol/relay-url.ts';
export type { Acknowledgement } from './sources/acknowledgements.ts';
export type { EventTemplate, Signer } from './sources/authentication.ts';
export type { Connection } from './sources/connection.ts';
export { connectivity } from './sources/connectivity.ts';
export type { CountAnswer } from './sources/queries.ts';
export { discoverRelays, type RelayDiscoveryOptions } from './sources/relay-discovery.ts';
export type { ProcessUsage } from './sources/process-usage.ts';
export { relay, type Relay, type RelayOptions, type RelayState, type RelayStatus } from './sources/relay.ts';
export type { RelayCounters } from './sources/relay-counters.ts';
export {
  fetchRelayInformation,
  RelayInformationError,
  type RelayInformationErrorCode,
  type RelayInformationOptions,
} from './sources/relay-information.ts';
export type { BodyReader, FetchAnswer, FetchInit, FetchLike } from './sources/fetch.ts';
export { userPlace } from './sources/user-place.ts';
export type { WebSocketConstructor, WebSocketLike } from './sources/web-socket.ts';
export { pureVerifier } from './verifiers/pure.ts';
export type { Verdicts, Verifier } from './verifiers/verifier.ts';
export { wasmVerifier, type WasmVerifier, type WasmVerifierOptions } from './verifiers/wasm/wasm-verifier.ts';
