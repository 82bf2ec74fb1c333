import type { Observable } from 'rxjs';
import { expectTypeOf } from 'vitest';
import {
  DurableOutbox,
  memoryOutboxStore,
  type OutboxReport,
  type OutboxTrouble,
} from '../../src/durable-outbox/index.ts';
import { type NostrEvent, RelayPool } from '../../src/index.ts';
import { InstrumentedRelayPool } from '../../src/opentelemetry/index.ts';
import {
  fakeEvent,
  seededRandom,
  signedEvent,
  testKey,
  TestRelay,
  VirtualNetwork,
  type VirtualRelay,
  VirtualTime,
} from '../../src/testing/index.ts';
import { workerPoolVerifier } from '../../src/verifiers/worker-pool.ts';

declare const pool: RelayPool;
declare const event: NostrEvent;
declare const trouble: OutboxTrouble;

// rx-relay-pool/outbox
const outbox = new DurableOutbox(pool, memoryOutboxStore(), { quorum: 'all', concurrency: 4 });
expectTypeOf(outbox.publish(event, { relays: ['wss://relay.example'] })).toEqualTypeOf<Observable<OutboxReport>>();
expectTypeOf(outbox.pending$).toEqualTypeOf<Observable<readonly OutboxReport[]>>();
expectTypeOf(outbox.cancel(event.id)).resolves.toBeBoolean();
expectTypeOf<OutboxReport['status']>().toExtend<string>();
if (trouble.type === 'store') expectTypeOf(trouble.action).toEqualTypeOf<'open' | 'get' | 'put' | 'delete' | 'close'>();
if (trouble.type === 'publish') expectTypeOf(trouble.event).toEqualTypeOf<NostrEvent>();
// @ts-expect-error only what is unreadable, or the store's, has a key
expectTypeOf(trouble.key);
// @ts-expect-error it needs a store
new DurableOutbox(pool);
// @ts-expect-error the option is `keepFor`
new DurableOutbox(pool, memoryOutboxStore(), { ttl: 1_000 });
// @ts-expect-error relays are a list
outbox.publish(event, { relays: 'wss://relay.example' });
// @ts-expect-error it is cancelled by its id
void outbox.cancel(event);

// rx-relay-pool/opentelemetry
expectTypeOf(new InstrumentedRelayPool({ relays: [] }, { name: 'feed' })).toExtend<RelayPool>();
// @ts-expect-error where it records is no option of the pool
new InstrumentedRelayPool({ name: 'feed' });
// @ts-expect-error a provider, not an exporter
new InstrumentedRelayPool({}, { meterProvider: { export: () => undefined } });

// rx-relay-pool/worker-pool
new RelayPool({ verifier: workerPoolVerifier() });
// @ts-expect-error a verifier verifies
new RelayPool({ verifier: { check: () => true } });

// rx-relay-pool/testing
expectTypeOf(
  TestRelay.start({ limits: { max_limit: 10 }, faults: { noEose: true } }),
).resolves.toEqualTypeOf<TestRelay>();
expectTypeOf<TestRelay>().toExtend<AsyncDisposable>();
expectTypeOf(signedEvent({ content: 'a' }, testKey(0))).toEqualTypeOf<NostrEvent>();
expectTypeOf(fakeEvent({ kind: 7 })).toEqualTypeOf<NostrEvent>();
const time = new VirtualTime();
const network = new VirtualNetwork({ time, latency: () => 5, seed: 1 });
expectTypeOf(network.relay('wss://relay.test')).toEqualTypeOf<VirtualRelay>();
new RelayPool({ scheduler: time, random: seededRandom(1), WebSocket: network.WebSocket });
// @ts-expect-error an event needs a key to be signed
signedEvent({ content: 'a' });
// @ts-expect-error there is no such fault
void TestRelay.start({ faults: { slow: true } });
// @ts-expect-error limits have the names of NIP-11
void TestRelay.start({ limits: { maxLimit: 10 } });
// @ts-expect-error a network has a clock
new VirtualNetwork({ latency: 5 });
