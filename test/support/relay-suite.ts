import { firstValueFrom, lastValueFrom, Subject, takeWhile, toArray } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Filter,
  type FilterInput,
  matchesFilter,
  type NostrEvent,
  type Packet,
  type PublishOutcome,
  RelayPool,
  type PoolRelayStatus,
  type RelayPoolOptions,
  type RequestOptions,
  supersedes,
} from '../../src/index.ts';
import { signedEvent, testKey, type TestKey, testSigner, type TestEventTemplate } from '../../src/testing/index.ts';

/** How the suite wants its relay. */
export interface StartOptions {
  /** How many stored events a filter without a limit gets; with one it may get ten times as many. */
  readonly cap?: number;
  /** Nobody may read or write without having authenticated (NIP-42). */
  readonly auth?: boolean;
}

/** A relay on a real port, and what the suite does to it. */
export interface RelayUnderTest {
  readonly url: string;
  /** What is open there, over all clients. */
  counts(): Promise<{ readonly connections: number; readonly subscriptions: number }>;
  /** Puts events into its store, also while it is stopped, and sends them to nobody. */
  store(events: readonly NostrEvent[]): Promise<void>;
  /** Cuts every connection. */
  drop(): Promise<void>;
  /** Cuts every connection and closes the port, if it is open; what is stored stays. */
  stop(): Promise<void>;
  /** Opens the same port again. */
  start(): Promise<void>;
  /** The connections that are open stay so, and nothing is answered on them any more. */
  freeze(): Promise<void>;
  /** Answers at least those who connect from now on. */
  thaw(): Promise<void>;
  end(): Promise<void>;
}

/** In what relays differ and may. */
export interface RelayTraits {
  /** Whether live events are matched against the tags of a filter. */
  readonly liveTagFilters: boolean;
  /** Live subscriptions that one connection may have. */
  readonly liveSubscriptions: number;
}

const CAP = 20;
/** Real sockets, and other suites on the same processor. */
const SLOW = { timeout: 30_000 };
const PATIENCE = { timeout: 20_000, interval: 10 };
/** Reconnects without the pauses that spare real relays. */
const BACKOFF = { base: 100, floor: 20, cap: 300 };

const now = Math.floor(Date.now() / 1_000);
let keys = 0;
/** An author of one test alone, so that tests on one relay do not see each other's events. */
const someone = (): TestKey => testKey(keys++);
const sign = (author: TestKey, template: TestEventTemplate = {}): NostrEvent =>
  signedEvent({ created_at: now, ...template }, author);
const notes = (author: TestKey, count: number, template: (n: number) => TestEventTemplate = () => ({})): NostrEvent[] =>
  Array.from({ length: count }, (_, n) => sign(author, { content: `note ${n}`, ...template(n) }));
const idsOf = (events: readonly NostrEvent[]): string[] => events.map(({ id }) => id).sort();

/** What the pool promises, shown on a relay of any kind: the same suite for a real one and for the one of `testing`. */
export function describeRelay(
  name: string,
  start: (options: StartOptions) => Promise<RelayUnderTest>,
  traits: RelayTraits,
): void {
  let relay: RelayUnderTest;
  const pools: RelayPool[] = [];
  const poolHere = (options: RelayPoolOptions = {}): RelayPool => {
    const pool = new RelayPool({ relays: [relay.url], backoff: BACKOFF, ...options });
    pools.push(pool);
    return pool;
  };
  const withRelay = (options: StartOptions): void => {
    beforeAll(async () => {
      relay = await start(options);
    });
    afterAll(() => relay.end());
    // After every test: pools that are closed leave nothing behind.
    afterEach(async () => {
      for (const pool of pools.splice(0)) pool.close();
      await nothingIsOpen(relay);
    });
  };

  describe(name, SLOW, () => {
    withRelay({ cap: CAP });

    it('gives back what was published, to the letter', async () => {
      const author = someone();
      const event = sign(author, {
        content: 'quote " backslash \\ newline \n tab \t control \u0001 \u007f\u2028 slash / ünï 日本 🦩',
        tags: [['t', 'a "quoted" tag'], ['e', 'f'.repeat(64), '', 'root'], ['x'], ['client', '']],
      });
      const pool = poolHere();
      expect(await publish(pool, event)).toMatchObject({ status: 'accepted' });
      expect(await ask(pool, { authors: [author.publicKey] })).toEqual([event]);
    });

    it('answers a filter by each of its keys', async () => {
      const [alice, bob] = [someone(), someone()];
      const stored = [
        ...notes(alice, 4, (n) => ({ created_at: now - 10 * n, tags: [['t', `tag${n % 2}`]] })),
        ...notes(bob, 3, (n) => ({
          created_at: now - 10 * n - 5,
          kind: 7,
          tags: [
            ['t', 'tag0'],
            ['p', alice.publicKey],
          ],
        })),
        sign(bob, { kind: 1_111, created_at: now - 100, tags: [['t', 'other', 'tag0']] }),
      ];
      await relay.store(stored);
      const authors = [alice.publicKey, bob.publicKey];
      const questions: (Filter | readonly Filter[])[] = [
        { ids: [stored[2]?.id ?? '', stored[5]?.id ?? ''] },
        { authors: [alice.publicKey] },
        { authors, kinds: [7, 1_111] },
        { authors, '#t': ['tag0'] },
        { authors, '#t': ['tag0', 'other'], '#p': [alice.publicKey] },
        { authors, since: now - 20 },
        { authors, until: now - 15 },
        { authors, since: now - 30, until: now - 10, kinds: [1] },
        [{ ids: [stored[7]?.id ?? ''] }, { authors: [alice.publicKey], since: now }],
        { authors: ['ab'.repeat(32)] },
      ];
      const pool = poolHere();
      for (const question of questions) {
        const filters = [question].flat();
        const expected = stored.filter((event) => filters.some((filter) => matchesFilter(filter, event)));
        expect(idsOf(await ask(pool, question)), JSON.stringify(question)).toEqual(idsOf(expected));
      }
    });

    it('gives the newest up to the limit, also beyond what the relay sends unasked', async () => {
      const author = someone();
      const stored = notes(author, 2 * CAP + 10, (n) => ({ created_at: now - n }));
      await relay.store(stored);
      const pool = poolHere();
      for (const limit of [1, CAP, 2 * CAP]) {
        const found = await ask(pool, { authors: [author.publicKey], limit });
        expect(idsOf(found), `limit ${limit}`).toEqual(idsOf(stored.slice(0, limit)));
      }
    });

    it('fetches more than the relay sends at once, with many events in one second, and names no gap', async () => {
      const author = someone();
      const stored = notes(author, 4 * CAP + 7, (n) => ({ created_at: now - Math.floor(n / 8) }));
      await relay.store(stored);
      const packets = await untilEose(poolHere(), { authors: [author.publicKey] });
      expect(idsOf(eventsIn(packets))).toEqual(idsOf(stored));
      expect(packets.filter(({ type }) => type !== 'event')).toMatchObject([{ type: 'eose' }]);
    });

    it('names the second that holds more than the relay sends, and gives all that is older', async () => {
      const author = someone();
      const crowded = notes(author, CAP + 5);
      const older = notes(author, 5, (n) => ({ created_at: now - 1 - n }));
      await relay.store([...crowded, ...older]);
      const packets = await untilEose(poolHere(), { authors: [author.publicKey] });
      const found = idsOf(eventsIn(packets));
      expect(found).toEqual(expect.arrayContaining(idsOf(older)));
      expect(found).toHaveLength(CAP + older.length);
      expect(packets.filter(({ type }) => type !== 'event')).toMatchObject([
        { type: 'gap', since: now, until: now },
        { type: 'eose' },
      ]);
    });

    it.each([
      { what: 'replaceable', kind: 10_002, tags: [] },
      { what: 'addressable', kind: 30_023, tags: [['d', 'page']] },
    ])(
      'keeps the newest $what version, and on a tie the lowest id, in whatever order they come',
      async ({ kind, tags }) => {
        const author = someone();
        const tied = [1, 2, 3].map((n) => sign(author, { kind, tags, content: `tied ${n}` }));
        const older = sign(author, { kind, tags, created_at: now - 1, content: 'older' });
        const elsewhere = sign(author, { kind: 30_023, tags: [['d', 'another page']], created_at: now - 5 });
        const [winner] = [...tied].sort((a, b) => (supersedes(a, b) ? -1 : 1));
        const pool = poolHere();
        const live = watch(pool, { authors: [author.publicKey], kinds: [kind] });
        await live.eose();
        for (const event of [...tied, older, elsewhere]) await publish(pool, event);
        expect(idsOf(await ask(pool, { authors: [author.publicKey], kinds: [kind, 30_023] }))).toEqual(
          idsOf([winner, elsewhere].filter((event) => event !== undefined)),
        );
        await live.has([winner?.id ?? '']);
      },
    );

    it('accepts an event twice, and delivers it once', async () => {
      const author = someone();
      const event = sign(author);
      const [first, second] = [poolHere(), poolHere()];
      const live = watch(first, { authors: [author.publicKey] });
      await live.eose();
      expect(await publish(first, event)).toMatchObject({ status: 'accepted' });
      expect(await publish(first, event)).toMatchObject({ status: 'accepted' });
      expect(await publish(second, event)).toMatchObject({ status: 'accepted' });
      const last = sign(author, { content: 'the last' });
      await publish(second, last);
      await live.has([event.id, last.id]);
      expect(idsOf(live.events)).toEqual(idsOf([event, last]));
    });

    it.each([
      {
        what: 'a signature of another event',
        forge: (event: NostrEvent, other: NostrEvent) => ({ ...event, sig: other.sig }),
      },
      { what: 'an id of another event', forge: (event: NostrEvent, other: NostrEvent) => ({ ...event, id: other.id }) },
      { what: 'other content', forge: (event: NostrEvent) => ({ ...event, content: 'changed' }) },
    ])('says why when $what was rejected', async ({ forge }) => {
      const author = someone();
      const pool = poolHere();
      const outcome = await publish(pool, forge(sign(author), sign(author, { content: 'another' })));
      expect(outcome).toMatchObject({ status: 'rejected', reason: { prefix: 'invalid' } });
      expect(await ask(pool, { authors: [author.publicKey] })).toEqual([]);
    });

    it('says "silent" and not "accepted" when the relay answers by a NOTICE that names no event', async () => {
      const pool = poolHere();
      const event = sign(someone(), { content: 'x'.repeat(200_000) });
      expect(await publish(pool, event, 1_000)).toEqual({ status: 'silent' });
      await vi.waitFor(async () => expect((await statusOf(pool)).counters.notices).toBe(1), PATIENCE);
    });

    it('answers many requests at once, each with its own events, over one connection', async () => {
      const author = someone();
      const stored = notes(author, 40, (n) => ({ tags: [['t', `many${n}`]] }));
      await relay.store(stored);
      const pool = poolHere();
      const answers = await Promise.all(
        stored.map((_, n) => ask(pool, { authors: [author.publicKey], '#t': [`many${n}`] })),
      );
      expect(answers).toEqual(stored.map((event) => [event]));
      expect((await statusOf(pool)).counters).toMatchObject({ connects: 1, events: 40, unmatched: 0 });
    });

    it('delivers stored events, then live ones, each to the subscriptions that it matches', async () => {
      const author = someone();
      const [reader, writer] = [poolHere(), poolHere()];
      const count = traits.liveSubscriptions;
      const stored = sign(author, { kind: 1_000, content: 'stored' });
      await relay.store([stored]);
      const all = Array.from({ length: count }, (_, n) =>
        watch(reader, { authors: [author.publicKey], kinds: [1_000 + n] }),
      );
      for (const each of all) await each.eose();
      const live = notes(author, count, (n) => ({ kind: 1_000 + n }));
      for (const event of live) await publish(writer, event);
      await Promise.all(all.map((each, n) => each.has([live[n]?.id ?? ''])));
      expect(all.map(({ events }) => events)).toEqual(live.map((event, n) => (n === 0 ? [stored, event] : [event])));
    });

    it('serves more live subscriptions than a connection may have, over several connections', async () => {
      const author = someone();
      const [reader, writer] = [poolHere({ maxSubscriptions: traits.liveSubscriptions }), poolHere()];
      const count = 2 * traits.liveSubscriptions;
      const all = Array.from({ length: count }, (_, n) =>
        watch(reader, { authors: [author.publicKey], kinds: [1_000 + n] }),
      );
      for (const each of all) await each.eose();
      expect((await statusOf(reader)).connections).toBe(3);
      const live = notes(author, count, (n) => ({ kind: 1_000 + n }));
      for (const event of live) await publish(writer, event);
      await Promise.all(all.map((each, n) => each.has([live[n]?.id ?? ''])));
      expect(all.map(({ events }) => events)).toEqual(live.map((event) => [event]));
    });

    it('delivers no live event that the filter does not ask for, whatever the relay sends', async () => {
      const author = someone();
      const pool = poolHere();
      const live = watch(pool, { authors: [author.publicKey], '#t': ['wanted'] });
      await live.eose();
      const wanted = sign(author, { tags: [['t', 'wanted']] });
      await publish(pool, sign(author, { tags: [['t', 'unwanted']] }));
      await publish(pool, wanted);
      await live.has([wanted.id]);
      expect(live.events).toEqual([wanted]);
      expect((await statusOf(pool)).counters.unmatched).toBe(traits.liveTagFilters ? 0 : 1);
    });

    it('delivers ephemeral events to those who listen, and finds none stored', async () => {
      const author = someone();
      const pool = poolHere();
      const live = watch(pool, { authors: [author.publicKey] });
      await live.eose();
      const event = sign(author, { kind: 20_001 });
      expect(await publish(pool, event)).toMatchObject({ status: 'accepted' });
      await live.has([event.id]);
      expect(await ask(pool, { authors: [author.publicKey] })).toEqual([]);
    });

    it('sends CLOSE when a subscription ends, and when a request has its answer', async () => {
      const pool = poolHere();
      const authors = [someone().publicKey];
      const [first, second] = [watch(pool, { authors, kinds: [1] }), watch(pool, { authors, kinds: [2] })];
      await Promise.all([first.eose(), second.eose()]);
      await subscriptionsAre(relay, 2);
      first.stop();
      await subscriptionsAre(relay, 1);
      await ask(pool, { authors, kinds: [3] });
      await subscriptionsAre(relay, 1);
      second.stop();
      await subscriptionsAre(relay, 0);
    });

    it('leaves no connection behind when the pool closes', async () => {
      const all = [poolHere(), poolHere(), poolHere()];
      const live = all.map((pool) => watch(pool, { authors: [someone().publicKey] }));
      await Promise.all(live.map((each) => each.eose()));
      expect(await relay.counts()).toEqual({ connections: 3, subscriptions: 3 });
      for (const pool of all) pool.close();
      await nothingIsOpen(relay);
      expect(live.map(({ ended }) => ended)).toEqual(['complete', 'complete', 'complete']);
    });

    describe('when connections end', () => {
      // Whatever became of the relay in a test, the next one finds it well.
      afterEach(async () => {
        await relay.thaw();
        await relay.stop();
        await relay.start();
      });

      it('delivers the events of an outage when the relay comes back, each event once, and goes on live', async () => {
        const author = someone();
        const pool = poolHere();
        const before = notes(author, 3, (n) => ({ content: `before ${n}`, created_at: now - 3 + n }));
        await relay.store(before);
        const live = watch(pool, { authors: [author.publicKey] });
        await live.eose();

        await relay.stop();
        await live.lost(1);
        // More than one page, and some of it in one second.
        const during = notes(author, 2 * CAP + 10, (n) => ({
          content: `during ${n}`,
          created_at: now - 60 + (n >> 1),
        }));
        await relay.store(during);
        await relay.start();
        await live.eose(2);
        expect(idsOf(live.events)).toEqual(idsOf([...before, ...during]));

        const after = sign(author, { content: 'after' });
        expect(await publish(pool, after)).toMatchObject({ status: 'accepted' });
        await live.has([after.id]);
        expect(live.events).toHaveLength(before.length + during.length + 1);
        expect((await statusOf(pool)).counters.connects).toBe(2);
      });

      it('loses nothing and repeats nothing while connections are cut again and again', async () => {
        const author = someone();
        const reader = poolHere();
        // It is cut off as well: what was sent and not answered is sent again on the next connection.
        const writer = poolHere();
        const live = watch(reader, { authors: [author.publicKey] });
        await live.eose();
        const sent = notes(author, 24, (n) => ({ created_at: now - 24 + n }));
        for (const [n, event] of sent.entries()) {
          if (n % 4 === 3) await relay.drop();
          expect(await publish(writer, event, 20_000)).toMatchObject({ status: 'accepted' });
        }
        await live.has(sent.map(({ id }) => id));
        expect(live.events).toHaveLength(sent.length);
        expect((await statusOf(reader)).counters.connects).toBeGreaterThan(1);
      });

      it('connects to a relay that is not there yet when it comes, and sends it what waits', async () => {
        const author = someone();
        await relay.stop();
        const pool = poolHere();
        const live = watch(pool, { authors: [author.publicKey] });
        await live.lost(2);
        const event = sign(author);
        const outcome = publish(pool, event, 20_000);
        await relay.start();
        expect(await outcome).toMatchObject({ status: 'accepted' });
        await live.has([event.id]);
        expect(live.events).toEqual([event]);
      });

      it('takes the answer to a probe for a sign of life', async () => {
        const author = someone();
        const connectivity$ = new Subject<void>();
        const pool = poolHere({ connectivity$, livenessTimeout: 1_500 });
        const live = watch(pool, { authors: [author.publicKey] });
        await live.eose();
        const { frames } = (await statusOf(pool)).counters;
        connectivity$.next();
        await vi.waitFor(async () => expect((await statusOf(pool)).counters.frames).toBe(frames + 1), PATIENCE);
        await subscriptionsAre(relay, 1);
        // There is no other probe before the verdict on this one.
        await vi.waitFor(async () => {
          connectivity$.next();
          expect((await statusOf(pool)).counters.frames).toBe(frames + 2);
        }, PATIENCE);
        const event = sign(author);
        await publish(pool, event);
        await live.has([event.id]);
        expect(live.types).toEqual(['eose']);
        expect((await statusOf(pool)).counters.connects).toBe(1);
      });

      it('finds out that a connection is dead though nobody closed it, and dials again', async () => {
        const author = someone();
        const connectivity$ = new Subject<void>();
        const pool = poolHere({ connectivity$, livenessTimeout: 500, connectTimeout: 500 });
        const live = watch(pool, { authors: [author.publicKey] });
        await live.eose();
        await relay.freeze();
        connectivity$.next();
        await live.lost(1);
        expect(live.packets.find((packet) => packet.type === 'lost')).toMatchObject({ error: { code: 'half-open' } });
        await relay.thaw();
        await live.eose(2);
        const event = sign(author);
        expect(await publish(pool, event)).toMatchObject({ status: 'accepted' });
        await live.has([event.id]);
        expect(live.events).toEqual([event]);
      });
    });
  });

  describe(`${name}, asking for authentication (NIP-42)`, SLOW, () => {
    withRelay({ auth: true });

    it('authenticates when the relay asks for it, and again after a reconnect', async () => {
      const author = someone();
      const pool = poolHere({ signer: testSigner(someone()) });
      const [first, second] = [sign(author, { content: 'first' }), sign(author, { content: 'second' })];
      expect(await publish(pool, first)).toMatchObject({ status: 'accepted' });
      const live = watch(pool, { authors: [author.publicKey] });
      await live.eose();
      expect((await statusOf(pool)).state).toBe('authenticated');

      await relay.stop();
      await live.lost(1);
      await relay.start();
      await live.eose(2);
      expect((await statusOf(pool)).state).toBe('authenticated');
      expect(await publish(pool, second)).toMatchObject({ status: 'accepted' });
      await live.has([first.id, second.id]);
      expect(live.types).not.toContain('closed');
    });

    it('authenticates for a request too, many at once included', async () => {
      const author = someone();
      const stored = notes(author, 10);
      await relay.store(stored);
      const pool = poolHere({ signer: testSigner(someone()) });
      const answers = await Promise.all(stored.map(({ id }) => ask(pool, { ids: [id] })));
      expect(answers).toEqual(stored.map((event) => [event]));
    });

    it('tells the refusal where there is no signer', async () => {
      const author = someone();
      await relay.store(notes(author, 2));
      const pool = poolHere();
      const reason = { prefix: 'auth-required' };
      expect(await publish(pool, sign(author))).toMatchObject({ status: 'rejected', reason });
      expect(await ask(pool, { authors: [author.publicKey] })).toEqual([]);
      const live = watch(pool, { authors: [author.publicKey] });
      await vi.waitFor(
        () => expect(live.packets).toMatchObject([{ type: 'gap' }, { type: 'closed', reason, pending: 0 }]),
        PATIENCE,
      );
    });
  });
}

async function publish(pool: RelayPool, event: NostrEvent, deadline = 10_000): Promise<PublishOutcome | undefined> {
  const { outcomes } = await lastValueFrom(pool.publish(event, { deadline }));
  return Object.values(outcomes)[0];
}

function ask(pool: RelayPool, filter: FilterInput, options?: RequestOptions): Promise<NostrEvent[]> {
  return lastValueFrom(pool.request(filter, options).pipe(toArray()));
}

function untilEose(pool: RelayPool, filter: FilterInput): Promise<readonly Packet[]> {
  return lastValueFrom(
    pool.packets(filter).pipe(
      takeWhile(({ type }) => type !== 'eose', true),
      toArray(),
    ),
  );
}

async function statusOf(pool: RelayPool): Promise<PoolRelayStatus> {
  const [status] = await firstValueFrom(pool.relays$);
  if (!status) throw new Error('The pool has no relay.');
  return status;
}

async function nothingIsOpen(relay: RelayUnderTest): Promise<void> {
  await vi.waitFor(async () => expect(await relay.counts()).toEqual({ connections: 0, subscriptions: 0 }), PATIENCE);
}

async function subscriptionsAre(relay: RelayUnderTest, subscriptions: number): Promise<void> {
  await vi.waitFor(async () => expect(await relay.counts()).toMatchObject({ subscriptions }), PATIENCE);
}

const eventsIn = (packets: readonly Packet[]): NostrEvent[] =>
  packets.flatMap((packet) => (packet.type === 'event' ? [packet.event] : []));

/** What a live subscription has brought so far, and ways to wait for more. */
interface Watch {
  readonly packets: readonly Packet[];
  readonly events: readonly NostrEvent[];
  /** What came besides events, in order. */
  readonly types: readonly Packet['type'][];
  readonly ended: 'complete' | 'error' | undefined;
  stop(): void;
  /** Until so many EOSE came. */
  eose(count?: number): Promise<void>;
  /** Until it was told so often that the relay is lost. */
  lost(count: number): Promise<void>;
  /** Until these events came, among others. */
  has(ids: readonly string[]): Promise<void>;
}

function watch(pool: RelayPool, filter: FilterInput): Watch {
  const packets: Packet[] = [];
  let ended: Watch['ended'];
  const subscription = pool.packets(filter).subscribe({
    next: (packet) => packets.push(packet),
    error: () => (ended = 'error'),
    complete: () => (ended = 'complete'),
  });
  const types = (): Packet['type'][] => packets.map(({ type }) => type).filter((type) => type !== 'event');
  const until = (type: Packet['type'], count: number): Promise<void> =>
    vi.waitFor(() => expect(types().filter((each) => each === type).length).toBeGreaterThanOrEqual(count), PATIENCE);
  return {
    packets,
    get events() {
      return eventsIn(packets);
    },
    get types() {
      return types();
    },
    get ended() {
      return ended;
    },
    stop: () => subscription.unsubscribe(),
    eose: (count = 1) => until('eose', count),
    lost: (count) => until('lost', count),
    has: (ids) =>
      vi.waitFor(() => expect(idsOf(eventsIn(packets))).toEqual(expect.arrayContaining([...ids])), PATIENCE),
  };
}
