import { InstrumentedRelayPool, type TelemetryOptions } from '../../src/opentelemetry/index.ts';
import type { RelayPoolOptions } from '../../src/pool/relay-pool.ts';
import {
  seededRandom,
  VirtualNetwork,
  VirtualTime,
  type RelayOptions,
  type VirtualRelay,
} from '../../src/testing/index.ts';
import { telemetry, type Telemetry } from './telemetry.ts';

/** An instrumented pool and its relays on a virtual network, 10 ms of it one way. */
export interface InstrumentedWorld extends Telemetry {
  readonly time: VirtualTime;
  readonly network: VirtualNetwork;
  readonly pool: InstrumentedRelayPool;
  readonly relays: readonly VirtualRelay[];
  readonly relay: VirtualRelay;
}

export function instrumentedWorld(
  relays: readonly Omit<RelayOptions, 'scheduler'>[] = [{}],
  options: Partial<RelayPoolOptions> = {},
  more: TelemetryOptions = {},
): InstrumentedWorld {
  const time = new VirtualTime();
  const network = new VirtualNetwork({ time, latency: 10 });
  const started = relays.map((setting, index) => network.relay(`wss://relay${index + 1}.test`, setting));
  const [relay] = started;
  if (!relay) throw new Error('A world has at least one relay.');
  const told = telemetry();
  const pool = new InstrumentedRelayPool(
    {
      relays: started.map(({ url }) => url),
      scheduler: time,
      random: seededRandom(1),
      WebSocket: network.WebSocket,
      ...options,
    },
    { meterProvider: told.meterProvider, tracerProvider: told.tracerProvider, ...more },
  );
  return { ...told, time, network, pool, relays: started, relay };
}
