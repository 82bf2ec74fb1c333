import { metrics, type MeterProvider, trace, type TracerProvider } from '@opentelemetry/api';
import { RelayPool, type RelayPoolOptions } from '../pool/relay-pool.ts';
import { CallSpans } from './call-spans.ts';
import { instrumentedStages } from './instrumented-stages.ts';
import { operationInstruments } from './operation-instruments.ts';
import { RelayAttributes } from './relay-attributes.ts';
import { RelayObservation } from './relay-observation.ts';

/** The name of meter and tracer. */
const SCOPE = 'rx-relay-pool';

/**
 * Where an {@link InstrumentedRelayPool} records.
 *
 * @example
 * ```ts
 * import { MeterProvider } from '@opentelemetry/sdk-metrics';
 * import { InstrumentedRelayPool, type TelemetryOptions } from 'rx-relay-pool/opentelemetry';
 *
 * const telemetry: TelemetryOptions = { name: 'feed', meterProvider: new MeterProvider(), maxRelays: 50 };
 * new InstrumentedRelayPool({ relays: ['wss://relay.example'] }, telemetry).close();
 * ```
 */
export interface TelemetryOptions {
  /** Where metrics go. @default the one that is registered globally when the pool is made; without one nothing is measured */
  readonly meterProvider?: MeterProvider | undefined;
  /** Where spans go. @default the one that is registered globally, then or later; without one there are none */
  readonly tracerProvider?: TracerProvider | undefined;
  /** The attribute `nostr.pool.name` of all metrics and of the spans of exchanges, which tells several pools of a process apart. @default none */
  readonly name?: string | undefined;
  /**
   * Relays that metrics tell apart, from 0: those of the pool's options, then as they come. The histograms of all others count as those of one
   * relay `_OTHER`, and how they are is not told.
   *
   * @default 200
   */
  readonly maxRelays?: number | undefined;
}

/**
 * A {@link RelayPool} that tells OpenTelemetry how it is and what it does: counters and gauges of each relay, which are read when metrics
 * are collected; histograms of how long each exchange took; a span for each request, publish, count and sync with one for each exchange
 * with a relay in it. It needs the package `@opentelemetry/api`. When it closes, the next collection is told the last counts, and that
 * nothing is open any more; then nothing of it is left.
 *
 * @example
 * ```ts
 * import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
 * import { MeterProvider } from '@opentelemetry/sdk-metrics';
 * import { InstrumentedRelayPool } from 'rx-relay-pool/opentelemetry';
 *
 * const meterProvider = new MeterProvider({ readers: [new PrometheusExporter({ port: 9464 })] });
 * const pool = new InstrumentedRelayPool({ relays: ['wss://relay.example'] }, { meterProvider });
 * pool.request({ kinds: [1], limit: 20 }).subscribe((event) => console.log(event.content));
 * // http://localhost:9464/metrics
 * ```
 */
export class InstrumentedRelayPool extends RelayPool {
  readonly #observation: RelayObservation;

  /**
   * @param options - Those of the pool; its own stages are watched as the default ones are.
   * @param telemetry - Where it records.
   * @throws RelayUrlError when a relay's URL is not one.
   * @throws RangeError when a number is out of its range.
   */
  constructor(options: RelayPoolOptions = {}, telemetry: TelemetryOptions = {}) {
    const { meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider() } = telemetry;
    const { name, maxRelays = 200 } = telemetry;
    const meter = meterProvider.getMeter(SCOPE);
    const tracer = tracerProvider.getTracer(SCOPE);
    const relays = new RelayAttributes(maxRelays, name === undefined ? {} : { 'nostr.pool.name': name });
    const calls = new CallSpans(tracer);
    const instruments = operationInstruments(meter);
    super({
      ...options,
      stages: instrumentedStages(options.stages, { tracer, calls, instruments, relays }),
      observeCall: (call) => {
        const told = calls.observe(call);
        const toldToo = options.observeCall?.(call);
        return (explanation) => {
          told?.(explanation);
          toldToo?.(explanation);
        };
      },
    });
    this.#observation = new RelayObservation(meter, this.relays$, relays);
  }

  override close(): void {
    this.#observation.end();
    super.close();
  }
}
