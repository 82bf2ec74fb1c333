import type { Observable } from 'rxjs';
import { expectTypeOf } from 'vitest';
import {
  balanced,
  type CountReport,
  everyRelay,
  explanationText,
  type Explanation,
  type Filter,
  type FilterInput,
  type NostrEvent,
  nearest,
  only,
  outbox,
  type Packet,
  type PoolMetrics,
  type PoolRelayStatus,
  type PublishOutcome,
  type PublishReport,
  type Reason,
  type RelayCluster,
  type RelayError,
  RelayPool,
  type RelayUrl,
  type Route,
  type Stage,
  type SyncProgress,
  type SyncStore,
  union,
  where,
} from '../../src/index.ts';

declare const pool: RelayPool;
declare const event: NostrEvent;
declare const store: SyncStore;
declare const filter$: Observable<Filter>;
declare const filters$: Observable<readonly Filter[]>;
declare const packet: Packet;
declare const outcome: PublishOutcome;
declare const report: PublishReport;
declare const url: RelayUrl;

// The verbs of a pool
expectTypeOf(pool.subscribe({ kinds: [1] })).toEqualTypeOf<Observable<NostrEvent>>();
expectTypeOf(pool.request({ kinds: [1] })).toEqualTypeOf<Observable<NostrEvent>>();
expectTypeOf(pool.packets({ kinds: [1] })).toEqualTypeOf<Observable<Packet>>();
expectTypeOf(pool.publish(event)).toEqualTypeOf<Observable<PublishReport>>();
expectTypeOf(pool.count({ kinds: [1] })).toEqualTypeOf<Observable<CountReport>>();
expectTypeOf(pool.sync({ kinds: [1] }, store)).toEqualTypeOf<Observable<SyncProgress>>();
expectTypeOf(pool.relays$).toEqualTypeOf<Observable<readonly PoolRelayStatus[]>>();
expectTypeOf(pool.metrics$).toEqualTypeOf<Observable<PoolMetrics>>();
expectTypeOf(pool.explain('feed')).toEqualTypeOf<Explanation | undefined>();
expectTypeOf(pool.explain(event)).toEqualTypeOf<Explanation | undefined>();
expectTypeOf(pool.seenOn(event)).toEqualTypeOf<readonly RelayUrl[]>();
expectTypeOf(pool.add('wss://relay.example')).toEqualTypeOf<RelayUrl>();
expectTypeOf(pool.remove('wss://relay.example')).toEqualTypeOf<boolean>();
expectTypeOf(pool.cluster('europe')).toEqualTypeOf<RelayCluster>();
expectTypeOf(pool.cluster('europe').request({})).toEqualTypeOf<Observable<NostrEvent>>();
expectTypeOf(pool).toExtend<Disposable>();

// Filters: one, several, or a stream of either
expectTypeOf([filter$, filters$]).toExtend<readonly FilterInput[]>();
pool.subscribe([{ kinds: [1] }, { ids: ['a'] }]);
pool.count([{ kinds: [1] }]);
// @ts-expect-error a count has an end, so its filter does not change
pool.count(filter$);
// @ts-expect-error a sync compares one filter
pool.sync([{ kinds: [1] }], store);

// Filters with the keys of tags
expectTypeOf<Filter>().toHaveProperty('#e').toEqualTypeOf<readonly string[] | undefined>();
pool.request({ '#e': ['a'], '#p': ['b'], '#t': ['nostr'], since: 0, until: 1, limit: 2, search: 'c' });
const constant = { kinds: [1], '#t': ['nostr'] } as const;
pool.request(constant);
// @ts-expect-error the values of a tag are a list
pool.request({ '#e': 'a' });
// @ts-expect-error the values of a tag are texts
pool.request({ '#e': [1] });
// @ts-expect-error a tag's key begins with a hash
pool.request({ e: ['a'] });
// @ts-expect-error kinds are a list
pool.request({ kinds: 1 });
// @ts-expect-error kinds are numbers
pool.request({ kinds: ['1'] });
// @ts-expect-error the key is `authors`
pool.request({ author: ['a'] });
// @ts-expect-error times are seconds
pool.request({ since: new Date(0) });

// Packets are told apart by their type
expectTypeOf(packet.type).toEqualTypeOf<'event' | 'eose' | 'closed' | 'lost' | 'gap'>();
expectTypeOf(packet.relay).toEqualTypeOf<RelayUrl>();
// @ts-expect-error only an event has one
expectTypeOf(packet.event);
// @ts-expect-error events and gaps await nobody
expectTypeOf(packet.pending);
if (packet.type === 'eose') {
  expectTypeOf(packet).toEqualTypeOf<{ readonly type: 'eose'; readonly relay: RelayUrl; readonly pending: number }>();
}
if (packet.type === 'event') expectTypeOf(packet.event).toEqualTypeOf<NostrEvent>();
if (packet.type === 'closed') expectTypeOf(packet.reason).toEqualTypeOf<Reason>();
if (packet.type === 'lost') expectTypeOf(packet.error).toEqualTypeOf<RelayError>();
if (packet.type === 'gap') expectTypeOf([packet.since, packet.until]).toEqualTypeOf<number[]>();
if ('pending' in packet) {
  expectTypeOf(packet.type).toEqualTypeOf<'eose' | 'closed' | 'lost'>();
  expectTypeOf(packet.pending).toEqualTypeOf<number>();
}
switch (packet.type) {
  case 'event':
  case 'eose':
  case 'closed':
  case 'lost':
  case 'gap':
    break;
  default:
    expectTypeOf(packet).toBeNever();
}

// Outcomes are told apart by their status
// @ts-expect-error only some have a reason
expectTypeOf(outcome.reason);
if (outcome.status === 'rejected') expectTypeOf(outcome.reason).toEqualTypeOf<Reason>();
if (outcome.status === 'unreachable') expectTypeOf(outcome.error).toEqualTypeOf<RelayError | undefined>();
expectTypeOf(report.outcomes[url]).toEqualTypeOf<PublishOutcome | undefined>();

// Routes
expectTypeOf(everyRelay()).toEqualTypeOf<Route>();
expectTypeOf(balanced(2)).toEqualTypeOf<Route>();
expectTypeOf(outbox(filter$ as unknown as Observable<never>)).toEqualTypeOf<Route>();
pool.request(
  {},
  {
    route: union(
      only(['wss://relay.example']),
      where(({ url }) => url.startsWith('wss:')),
    ),
  },
);
// @ts-expect-error a route is no relay
pool.request({}, { route: 'wss://relay.example' });
// @ts-expect-error how many comes first
balanced({ count: 2 });
// @ts-expect-error how many comes first
nearest({});

// Options
new RelayPool({ relays: ['wss://relay.example'], route: undefined, explained: 10 });
pool.request({}, { priority: 'low', deadline: 1_000, id: 'feed', alone: true });
pool.publish(event, { quorum: 2 });
pool.publish(event, { quorum: 'majority' });
pool.publish(event, { quorum: { europe: 1, asia: 'all' } });
// @ts-expect-error the option is `relays`
new RelayPool({ urls: ['wss://relay.example'] });
// @ts-expect-error relays are a list
new RelayPool({ relays: 'wss://relay.example' });
// @ts-expect-error milliseconds are a number
new RelayPool({ connectTimeout: '3s' });
// @ts-expect-error options are not changed afterwards
(({ relays: [] }) as ConstructorParameters<typeof RelayPool>[0] & object).relays = [];
// @ts-expect-error the levels are critical, high, normal and low
pool.request({}, { priority: 'urgent' });
// @ts-expect-error the option is `deadline`
pool.request({}, { timeout: 1_000 });
// @ts-expect-error a request has no quorum
pool.request({}, { quorum: 2 });
// @ts-expect-error an option that is left out is left out
pool.request({}, { deadline: undefined });
// @ts-expect-error a quorum is a number, 'majority', 'all', or that by cluster
pool.publish(event, { quorum: 'most' });
// @ts-expect-error only a signed event can be published
pool.publish({ kind: 1, content: '', tags: [], created_at: 0 });
// @ts-expect-error where a URL comes from is the caller or an event
pool.add('wss://relay.example', { origin: 'user' });
// @ts-expect-error an event or its id
pool.explain(1);
// @ts-expect-error a store lists, gets and puts
pool.sync({}, { list: () => [] });

// A relay's URL is more than a text
declare const text: string;
// @ts-expect-error relayUrl() makes one
expectTypeOf<RelayUrl>(text);
expectTypeOf<RelayUrl>().toExtend<string>();

// Stages and observers
const stage: Stage = ({ verb, relay, call }) => {
  expectTypeOf(verb).toEqualTypeOf<'REQ' | 'EVENT' | 'COUNT' | 'NEG-OPEN'>();
  expectTypeOf(relay).toEqualTypeOf<RelayUrl>();
  expectTypeOf(call.filters).toEqualTypeOf<readonly Filter[]>();
  return (source) => source;
};
new RelayPool({
  stages: { health: stage },
  observeCall: ({ event: published }) => {
    expectTypeOf(published).toEqualTypeOf<NostrEvent | undefined>();
    return (explanation) => expectTypeOf(explanationText(explanation)).toBeString();
  },
});
// @ts-expect-error there is no such stage
new RelayPool({ stages: { retry: stage } });
