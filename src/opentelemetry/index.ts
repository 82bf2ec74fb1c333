export { InstrumentedRelayPool, type TelemetryOptions } from './instrumented-relay-pool.ts';
