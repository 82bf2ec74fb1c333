import type { Attributes, BatchObservableResult, Meter, Observable as Instrument } from '@opentelemetry/api';
import { type Observable, take } from 'rxjs';
import type { CircuitState } from '../policies/circuit-state.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { PoolRelayStatus } from '../pool/pool-relay-status.ts';
import type { RelayCounters } from '../sources/relay-counters.ts';
import type { RelayState } from '../sources/relay.ts';
import type { RelayAttributes } from './relay-attributes.ts';

type Status = Pick<PoolRelayStatus, 'state' | 'circuit' | 'connections' | 'inFlight' | 'queued' | 'permits' | 'weight'>;

const STATES: readonly RelayState[] = [
  'disconnected',
  'connecting',
  'connected',
  'authenticated',
  'disconnecting',
  'failed',
];
const CIRCUITS: readonly CircuitState[] = ['closed', 'open', 'half-open'];
const EVENTS: Readonly<Record<string, keyof RelayCounters>> = {
  delivered: 'events',
  duplicate: 'duplicates',
  unmatched: 'unmatched',
  invalid: 'invalid',
  expired: 'expired',
};
const DROPPED: Readonly<Record<string, keyof RelayCounters>> = {
  unasked: 'unasked',
  malformed: 'malformed',
  abusive: 'discarded',
};

/** Reads how the relays of a pool are whenever metrics are collected, and never in between. */
export class RelayObservation {
  readonly #instruments: ReturnType<typeof relayInstruments>;
  /** The relays of the last collection. */
  #seen = new Set<RelayUrl>();
  /** How they were at the end. */
  #last: readonly PoolRelayStatus[] | undefined;

  constructor(
    private readonly meter: Meter,
    private readonly relays$: Observable<readonly PoolRelayStatus[]>,
    private readonly relays: RelayAttributes,
  ) {
    this.#instruments = relayInstruments(meter);
    // Its first relays are told apart, whoever else is asked first.
    for (const { url } of this.#statuses()) relays.own(url);
    meter.addBatchObservableCallback(this.#observe, Object.values(this.#instruments));
  }

  /** To be called before the pool closes: what it counted until then is told by the next collection, which is the last. */
  end(): void {
    this.#last ??= this.#statuses();
  }

  readonly #observe = (result: BatchObservableResult): void => {
    const statuses = this.#last ?? this.#statuses();
    const gone = this.#seen;
    this.#seen = new Set();
    for (const status of statuses) {
      const { url, counters } = status;
      const attributes = this.relays.own(url);
      if (!attributes) continue;
      gone.delete(url);
      this.#count(result, attributes, counters);
      this.#level(result, attributes, this.#last ? undefined : status);
      this.#seen.add(url);
    }
    // An SDK goes on telling the last value of what is observed no more.
    for (const url of gone) this.#level(result, this.relays.of(url), undefined);
    // Not now: an SDK that goes through its callbacks would leave out the next one.
    if (this.#last) {
      queueMicrotask(() => this.meter.removeBatchObservableCallback(this.#observe, Object.values(this.#instruments)));
    }
  };

  #statuses(): readonly PoolRelayStatus[] {
    let current: readonly PoolRelayStatus[] = [];
    this.relays$.pipe(take(1)).subscribe((statuses) => (current = statuses));
    return current;
  }

  #count(result: BatchObservableResult, attributes: Attributes, counters: Readonly<RelayCounters>): void {
    const { opened, messages, length, notices, events, dropped } = this.#instruments;
    result.observe(opened, counters.connects, attributes);
    result.observe(messages, counters.frames, attributes);
    result.observe(length, counters.bytes, attributes);
    result.observe(notices, counters.notices, attributes);
    for (const [outcome, counter] of Object.entries(EVENTS)) {
      result.observe(events, counters[counter], { ...attributes, 'nostr.event.outcome': outcome });
    }
    for (const [reason, counter] of Object.entries(DROPPED)) {
      result.observe(dropped, counters[counter], { ...attributes, 'nostr.drop.reason': reason });
    }
  }

  #level(result: BatchObservableResult, attributes: Attributes, status: Status | undefined): void {
    const { connections, active, queued, limit, weight, state, circuit } = this.#instruments;
    result.observe(connections, status?.connections ?? 0, attributes);
    result.observe(active, status?.inFlight ?? 0, attributes);
    result.observe(queued, status?.queued ?? 0, attributes);
    result.observe(limit, status?.permits ?? 0, attributes);
    result.observe(weight, status?.weight ?? 0, attributes);
    for (const each of STATES) {
      result.observe(state, each === status?.state ? 1 : 0, { ...attributes, 'nostr.relay.state': each });
    }
    for (const each of CIRCUITS) {
      result.observe(circuit, each === status?.circuit ? 1 : 0, { ...attributes, 'nostr.circuit.state': each });
    }
  }
}

function relayInstruments(meter: Meter) {
  const counter = (name: string, unit: string, description: string): Instrument =>
    meter.createObservableCounter(name, { unit, description });
  const level = (name: string, unit: string, description: string): Instrument =>
    meter.createObservableUpDownCounter(name, { unit, description });
  const gauge = (name: string, unit: string, description: string): Instrument =>
    meter.createObservableGauge(name, { unit, description });
  return {
    opened: counter('nostr.client.connection.opened', '{connection}', 'Connections that opened.'),
    messages: counter('nostr.client.received.messages', '{message}', 'Messages received, of any kind.'),
    length: counter('nostr.client.received.length', '{code_unit}', 'Their length, in UTF-16 code units.'),
    events: counter('nostr.client.received.events', '{event}', 'Events received, by what became of them.'),
    dropped: counter('nostr.client.received.dropped', '{message}', 'Messages that were of no use, by what was wrong.'),
    notices: counter('nostr.client.received.notices', '{message}', 'NOTICEs.'),
    connections: level('nostr.client.connection.count', '{connection}', 'Connections that are open.'),
    active: level('nostr.client.operation.active', '{operation}', 'Operations that wait for their answer.'),
    queued: level('nostr.client.operation.queued', '{operation}', 'Operations that wait for their turn.'),
    limit: gauge('nostr.client.operation.limit', '{operation}', 'How many operations may be under way.'),
    weight: gauge('nostr.relay.weight', '1', 'The share of its load that a relay is given.'),
    state: level('nostr.relay.state', '{relay}', '1 for the state that the relay is in, 0 for the others.'),
    circuit: level(
      'nostr.relay.circuit',
      '{relay}',
      "1 for the state of the relay's circuit breaker, 0 for the others.",
    ),
  };
}
