import { firstValueFrom, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  DurableOutbox,
  type DurableOutboxOptions,
  memoryOutboxStore,
  type OutboxReport,
  type OutboxTrouble,
} from '../../src/durable-outbox/index.ts';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { only } from '../../src/pool/routes.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { seededRandom, type VirtualRelay } from '../../src/testing/index.ts';
import { StepStore } from '../support/step-store.ts';
import { contents, hear, type Heard, world, type World, type WorldOptions } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Desk extends World {
  readonly store: StepStore;
  readonly outbox: DurableOutbox;
  readonly settled: OutboxReport[];
  readonly trouble: OutboxTrouble[];
  /** An outbox on the same disk and pool, or on a new pool. */
  next(options?: DurableOutboxOptions, pool?: RelayPool): Omit<Desk, 'next'>;
}

function desk(worldOptions: WorldOptions = {}, options: DurableOutboxOptions = {}, disk?: Map<string, string>): Desk {
  const w = world(worldOptions);
  const start = (disk: Map<string, string>, settings: DurableOutboxOptions, pool: RelayPool): Omit<Desk, 'next'> => {
    const store = new StepStore(disk);
    const random = seededRandom(7);
    const outbox = new DurableOutbox(pool, store, { scheduler: w.time, random, ...settings });
    const [settled, trouble]: [OutboxReport[], OutboxTrouble[]] = [[], []];
    outbox.settled$.subscribe((report) => settled.push(report));
    outbox.trouble$.subscribe((value) => trouble.push(value));
    return { ...w, pool, store, outbox, settled, trouble };
  };
  const first = start(disk ?? new Map(), options, w.pool);
  return { ...first, next: (settings = options, pool = w.pool) => start(first.store.disk, settings, pool) };
}

/** Goes on asking relays that say nothing. */
const patient: WorldOptions['pool'] = { breaker: { consecutiveFailures: Infinity, minimumCalls: 1_000 } };

const statuses = (heard: Heard<OutboxReport>): string[] => heard.values.map(({ status }) => status);
const outcomes = (report: OutboxReport | undefined): string[] =>
  Object.values(report?.outcomes ?? {}).map(({ status }) => status);
const sent = (relay: VirtualRelay | undefined): number =>
  relay?.received.filter(({ message }) => message.type === 'EVENT').length ?? 0;
const has = (relay: VirtualRelay | undefined, event: NostrEvent): boolean =>
  [...(relay?.store ?? [])].some(({ id }) => id === event.id);

describe('an event in the durable outbox', () => {
  it('is on the disk before anything is sent, and forgotten after the quorum', async () => {
    const { outbox, store, relays, time, note } = desk({ relays: 3 });
    const event = note('durable');
    let diskThen: string[] | undefined;
    const publish = hear(outbox.publish(event));
    expect(store.calls).toEqual(['entries']);
    await time.until(() => {
      if (relays.some((relay) => sent(relay) > 0)) diskThen ??= [...store.disk.keys()];
      return publish.completed;
    });
    expect(diskThen).toEqual([event.id]);
    expect(publish.values[0]).toMatchObject({ event, status: 'pending', accepted: 0 });
    expect(publish.values.at(-1)).toMatchObject({ status: 'delivered' });
    expect(publish.values.at(-1)?.accepted).toBeGreaterThanOrEqual(2);
    expect(store.disk.size).toBe(0);
    await time.advance(SECOND);
    // A quorum is about when it is kept no more, not about who gets it.
    expect(relays.map((relay) => has(relay, event))).toEqual([true, true, true]);
  });

  it('says nothing before the write is done, and sends nothing', async () => {
    const { outbox, store, relay, time, note } = desk();
    store.crashAfter = 3; // the reading takes two
    const publish = hear(outbox.publish(note('in the air')));
    await time.advance(MINUTE);
    expect(publish.values).toEqual([]);
    expect(sent(relay)).toBe(0);
  });

  it('keeps a confirmation only after the relay gave it', async () => {
    const { outbox, store, relays, time, note } = desk({ relays: [{}, { faults: { noOk: true } }] }, { quorum: 2 });
    const event = note('half');
    hear(outbox.publish(event));
    const accepted = (): object => JSON.parse(store.disk.get(event.id) ?? '{}').accepted;
    await time.until(() => has(relays[0], event));
    expect(accepted()).toEqual({});
    await time.advance(5 * SECOND);
    expect(Object.keys(accepted())).toEqual([relays[0]?.url]);
    expect(has(relays[1], event)).toBe(true);
  });

  it('goes out after an offline spell, once to each relay', async () => {
    const { outbox, store, relays, time, note } = desk({ relays: 2 }, { quorum: 'all' });
    for (const relay of relays) relay.stop();
    const publish = hear(outbox.publish(note('from the train')));
    await time.advance(HOUR);
    expect(statuses(publish).at(-1)).toBe('pending');
    expect(store.disk.size).toBe(1);
    for (const relay of relays) relay.restart();
    await time.advance(3 * MINUTE);
    expect(statuses(publish).at(-1)).toBe('delivered');
    expect(relays.map(sent)).toEqual([1, 1]);
  });

  it('is sent only to relays that still miss it, also after a restart', async () => {
    const first = desk({ relays: 3 }, { quorum: 'all' });
    const { relays, time, note, network } = first;
    relays[2]?.stop();
    const event = note('two of three');
    const publish = hear(first.outbox.publish(event));
    await time.advance(MINUTE);
    expect(publish.values.at(-1)).toMatchObject({ status: 'pending', accepted: 2 });
    await first.outbox.close();
    expect(publish.completed).toBe(true);
    expect(publish.values.at(-1)?.status).toBe('pending');
    first.pool.close();

    await time.advance(HOUR);
    relays[2]?.restart();
    const urls = relays.map(({ url }) => url);
    const pool = new RelayPool({ relays: urls, scheduler: time, WebSocket: network.WebSocket });
    const second = first.next({ quorum: 1 }, pool);
    await time.advance(MINUTE);
    // The quorum is that of the publish, not of the later outbox.
    expect(second.settled).toMatchObject([{ event, status: 'delivered', accepted: 3 }]);
    expect(relays.map(sent)).toEqual([1, 1, 1]);
    expect(second.store.disk.size).toBe(0);
  });

  it('is tried when a relay comes back, without waiting for the backoff', async () => {
    const { outbox, pool, relay, time, note } = desk({}, { backoff: { floor: HOUR, base: HOUR, cap: HOUR } });
    relay.stop();
    const publish = hear(outbox.publish(note('waiting')));
    await time.advance(MINUTE);
    relay.restart();
    await time.advance(5 * MINUTE);
    expect(sent(relay)).toBe(0);
    // Somebody else needs the relay, so the pool dials it.
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(2 * MINUTE);
    expect(statuses(publish).at(-1)).toBe('delivered');
  });

  it('is tried at once when the network is back', async () => {
    const connectivity$ = new Subject<unknown>();
    const patient = { floor: HOUR, base: HOUR, cap: HOUR };
    const { outbox, relay, time, note } = desk({}, { backoff: patient, connectivity$ });
    relay.stop();
    const publish = hear(outbox.publish(note('waiting')));
    await time.advance(MINUTE);
    relay.restart();
    await time.advance(MINUTE);
    expect(statuses(publish).at(-1)).toBe('pending');
    connectivity$.next('online');
    await time.advance(MINUTE);
    expect(statuses(publish).at(-1)).toBe('delivered');
  });

  it('is tried soon again when the network was back only for a moment', async () => {
    const connectivity$ = new Subject<unknown>();
    // Delays of a minute, an hour, a day.
    const backoff = { floor: 0, base: MINUTE, factor: 60, cap: 24 * HOUR };
    const { outbox, relay, time, note } = desk(
      { relays: [{ faults: { noOk: true } }] },
      { backoff, connectivity$, random: () => 0.999 },
    );
    hear(outbox.publish(note('patience')));
    await time.advance(5 * HOUR);
    expect(sent(relay)).toBe(3);
    connectivity$.next('online');
    await time.advance(2 * MINUTE);
    expect(sent(relay)).toBe(5);
  });

  it('that is delivered goes to the other relays too, until its attempt is over', async () => {
    const { outbox, relays, time, note } = desk({ relays: 3 });
    relays[2]?.stop();
    const event = note('for all');
    const publish = hear(outbox.publish(event));
    await time.advance(500);
    expect(publish).toMatchObject({ completed: true });
    relays[2]?.restart();
    await time.advance(10 * SECOND);
    expect(has(relays[2], event)).toBe(true);
  });

  it('waits for a pool that has no relays yet, or too few', async () => {
    const { pool, outbox, relay, network, time, note } = desk({}, { quorum: 2, backoff: { floor: HOUR } });
    pool.remove(relay.url);
    const publish = hear(outbox.publish(note('to two')));
    await time.advance(MINUTE);
    pool.add(relay.url);
    await time.advance(MINUTE);
    expect(publish.values.at(-1)).toMatchObject({ status: 'pending', accepted: 1 });
    pool.add(network.relay('wss://more.test').url);
    await time.advance(MINUTE);
    expect(publish.values.at(-1)).toMatchObject({ status: 'delivered', accepted: 2 });
  });

  it('counts a relay that accepted it and left', async () => {
    const { pool, outbox, relays, network, time, note } = desk({ relays: 2 }, { quorum: 2 });
    relays[1]?.stop();
    const publish = hear(outbox.publish(note('to two')));
    await time.advance(MINUTE);
    for (const { url } of relays) pool.remove(url);
    pool.add(network.relay('wss://other.test').url);
    await time.advance(2 * MINUTE);
    expect(publish.values.at(-1)).toMatchObject({ status: 'delivered', accepted: 2 });
  });

  it('goes to the relays that it names, and to those of its clusters', async () => {
    const clusters = { home: { relays: ['wss://h1.test', 'wss://h2.test'] }, archive: { relays: ['wss://a1.test'] } };
    const { outbox, relay, network, time, note } = desk({ pool: { clusters } });
    const [named, h1, h2, a1] = ['named', 'h1', 'h2', 'a1'].map((name) => network.relay(`wss://${name}.test`));
    h2?.stop();
    const [toNamed, toClusters] = [note('named'), note('clusters')];
    const one = hear(outbox.publish(toNamed, { relays: ['wss://NAMED.test'] }));
    const two = hear(outbox.publish(toClusters, { quorum: { home: 'all', archive: 1 } }));
    await time.advance(MINUTE);
    expect(statuses(one).at(-1)).toBe('delivered');
    expect(two.values.at(-1)).toMatchObject({ status: 'pending', accepted: 2 });
    h2?.restart();
    await time.advance(2 * MINUTE);
    expect(two.values.at(-1)).toMatchObject({ status: 'delivered', accepted: 3 });
    expect([named, h1, h2, a1].map(sent)).toEqual([1, 1, 1, 1]);
    expect(sent(relay)).toBe(0);
    expect(hear(outbox.publish(note('x'), { quorum: { nowhere: 1 } })).values).toEqual([]);
  });

  it('goes where the route of the outbox leads', async () => {
    const { outbox, relays, time, note } = desk({ relays: 2 }, { route: only(['wss://relay2.test']) });
    const publish = hear(outbox.publish(note('routed')));
    await time.advance(SECOND);
    expect(statuses(publish).at(-1)).toBe('delivered');
    expect(relays.map(sent)).toEqual([0, 1]);
  });

  it('is kept once when it is published twice, and both hear of it', async () => {
    const { outbox, store, relay, time, note } = desk();
    relay.stop();
    const event = note('twice');
    const one = hear(outbox.publish(event));
    const two = hear(outbox.publish({ ...event }, { quorum: 5 }));
    await time.advance(MINUTE);
    const late = hear(outbox.publish(event));
    await time.advance(0);
    expect(store.calls.filter((call) => call.startsWith('put'))).toHaveLength(1);
    relay.restart();
    await time.advance(2 * MINUTE);
    for (const heard of [one, two, late]) expect(statuses(heard).at(-1)).toBe('delivered');
    expect(sent(relay)).toBe(1);
  });

  it('is what it was when it was published, whatever becomes of the object', async () => {
    const { outbox, relay, time, note } = desk();
    const event = note('original');
    const copy = structuredClone(event);
    hear(outbox.publish(copy));
    copy.content = 'changed';
    await time.advance(SECOND);
    expect(has(relay, event)).toBe(true);
    expect(contents([...relay.store])).toEqual(['original']);
  });

  it('goes out though nobody listens any more', async () => {
    const { outbox, relay, time, note } = desk();
    hear(outbox.publish(note('bye'))).subscription.unsubscribe();
    await time.advance(SECOND);
    expect(sent(relay)).toBe(1);
  });
});

describe('an event that is refused', () => {
  it('is kept when its quorum is out of reach, not sent, and told after a restart', async () => {
    const first = desk({ relays: [{}, { faults: { rejectedWith: 'blocked: no' } }, {}] }, { quorum: 'all' });
    const { relays, time, note } = first;
    const event = note('unwanted');
    const publish = hear(first.outbox.publish(event));
    await time.advance(10 * MINUTE);
    expect(publish).toMatchObject({ completed: true });
    expect(publish.values.at(-1)).toMatchObject({ status: 'rejected', accepted: 2 });
    expect(outcomes(publish.values.at(-1))).toEqual(['accepted', 'rejected', 'accepted']);
    expect(first.settled).toHaveLength(1);
    expect(relays.map(sent)).toEqual([1, 1, 1]);
    await first.outbox.close();

    const second = first.next();
    await time.advance(10 * MINUTE);
    expect(relays.map(sent)).toEqual([1, 1, 1]);
    expect(await firstValueFrom(second.outbox.pending$)).toMatchObject([{ event, status: 'rejected', accepted: 2 }]);
    // Published again, it goes to those that had refused it, and only to those.
    if (relays[1]) relays[1].faults.rejectedWith = undefined;
    const again = hear(second.outbox.publish(event, { quorum: 3 }));
    await time.advance(MINUTE);
    expect(statuses(again)[0]).toBe('pending');
    expect(again.values.at(-1)).toMatchObject({ status: 'delivered', accepted: 3 });
    expect(relays.map(sent)).toEqual([1, 2, 1]);
    expect(second.store.disk.size).toBe(0);
  });

  it('is not sent again to a relay that refused it for good, while others are awaited', async () => {
    const { outbox, relays, time, note } = desk(
      { relays: [{ faults: { rejectedWith: 'pow: 20 bits' } }, {}] },
      { quorum: 1 },
    );
    relays[1]?.stop();
    const publish = hear(outbox.publish(note('pow')));
    await time.advance(HOUR);
    expect(statuses(publish).at(-1)).toBe('pending');
    expect(sent(relays[0])).toBe(1);
    relays[1]?.restart();
    await time.advance(2 * MINUTE);
    expect(publish.values.at(-1)).toMatchObject({ status: 'delivered', accepted: 1 });
  });

  it('is sent again to a relay that refused it for the moment', async () => {
    const { outbox, relay, time, note } = desk({ relays: [{ faults: { rejectedWith: 'rate-limited: slow down' } }] });
    const publish = hear(outbox.publish(note('later')));
    await time.advance(10 * MINUTE);
    expect(statuses(publish).at(-1)).toBe('pending');
    relay.faults.rejectedWith = undefined;
    await time.advance(3 * MINUTE);
    expect(statuses(publish).at(-1)).toBe('delivered');
  });

  it('because relays have a newer version is superseded, and not kept', async () => {
    const { outbox, store, relays, time, note } = desk({ relays: 2 });
    for (const relay of relays) relay.seed(note('newer', { kind: 0 }));
    const publish = hear(outbox.publish(note('older', { kind: 0, age: 60 })));
    await time.advance(MINUTE);
    expect(outcomes(publish.values.at(-1))).toEqual(['rejected', 'rejected']);
    expect(statuses(publish).at(-1)).toBe('superseded');
    expect(store.disk.size).toBe(0);
  });

  it('is kept where one relay has a newer version and another says no', async () => {
    const { outbox, store, relays, time, note } = desk({ relays: [{}, { faults: { rejectedWith: 'blocked: no' } }] });
    relays[0]?.seed(note('newer', { kind: 0 }));
    const publish = hear(outbox.publish(note('older', { kind: 0, age: 60 })));
    await time.advance(MINUTE);
    expect(statuses(publish).at(-1)).toBe('rejected');
    expect(store.disk.size).toBe(1);
  });

  it('expires as rejected ones do', async () => {
    const { outbox, store, settled, time, note } = desk({ relays: [{ faults: { rejectedWith: 'invalid: bad' } }] });
    hear(outbox.publish(note('no'), { keepFor: DAY }));
    await time.advance(DAY - SECOND);
    expect(store.disk.size).toBe(1);
    await time.advance(SECOND);
    expect(store.disk.size).toBe(0);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'expired']);
  });
});

describe('an event that ends otherwise', () => {
  it.each([
    ['the option keepFor', { keepFor: HOUR }, []],
    ['its NIP-40 tag', {}, [['expiration', String(Date.UTC(2026, 0, 1, 1) / SECOND)]]],
  ])('expires by %s, to the second', async (_, options, tags) => {
    const { outbox, store, relay, settled, time, note } = desk();
    relay.stop();
    const publish = hear(outbox.publish(note('short-lived', { tags }), options));
    await time.advance(HOUR - 1);
    expect(statuses(publish).at(-1)).toBe('pending');
    await time.advance(1);
    expect(statuses(publish).at(-1)).toBe('expired');
    expect(publish.completed).toBe(true);
    expect(settled).toHaveLength(1);
    expect(store.disk.size).toBe(0);
    relay.restart();
    await time.advance(DAY);
    expect(sent(relay)).toBe(0);
    const late = hear(outbox.publish(note('late', { tags: [['expiration', '1']] })));
    await time.advance(0);
    expect(statuses(late)).toEqual(['expired']);
    expect(store.disk.size).toBe(0);
  });

  it('expires while nothing runs, and that is told at the next start', async () => {
    const first = desk({}, { keepFor: HOUR });
    first.relay.stop();
    hear(first.outbox.publish(first.note('old')));
    await first.time.advance(MINUTE);
    await first.outbox.close();
    await first.time.advance(DAY);
    first.relay.restart();
    const second = first.next();
    await first.time.advance(MINUTE);
    expect(second.settled.map(({ status }) => status)).toEqual(['expired']);
    expect(sent(first.relay)).toBe(0);
  });

  it('is kept for longer than a timer can count', async () => {
    const { outbox, relay, time, note } = desk({}, { keepFor: 60 * DAY, backoff: { floor: 100 * DAY } });
    relay.stop();
    const publish = hear(outbox.publish(note('long')));
    await time.advance(MINUTE);
    // A platform's timer that is told more fires at once.
    const longest = Math.max(...time.actions.map(({ delay }) => delay - time.now()));
    expect(longest).toBeLessThanOrEqual(2 ** 31 - 1);
    await time.advance(60 * DAY - MINUTE - SECOND);
    expect(statuses(publish).at(-1)).toBe('pending');
    await time.advance(SECOND);
    expect(statuses(publish).at(-1)).toBe('expired');
  });

  it('is superseded by a newer version, after that is stored', async () => {
    const { outbox, store, relay, time, note } = desk();
    relay.stop();
    const [older, newer] = [note('older', { kind: 0, age: 10 }), note('newer', { kind: 0 })];
    const [addressed, other] = ['a', 'b'].map((d) => note(d, { kind: 30_023, tags: [['d', d]] }));
    const one = hear(outbox.publish(older));
    for (const event of [addressed, other]) if (event) hear(outbox.publish(event));
    await time.advance(SECOND);
    const two = hear(outbox.publish(newer));
    await time.advance(SECOND);
    expect(statuses(one).at(-1)).toBe('superseded');
    expect(store.calls.indexOf(`put ${newer.id}`)).toBeLessThan(store.calls.indexOf(`delete ${older.id}`));
    const again = hear(outbox.publish(older));
    await time.advance(SECOND);
    expect(statuses(again)).toEqual(['superseded']);
    relay.restart();
    await time.advance(2 * MINUTE);
    expect(statuses(two).at(-1)).toBe('delivered');
    expect(relay.received.filter(({ message }) => message.type === 'EVENT')).toHaveLength(3);
    expect(has(relay, newer)).toBe(true);
  });

  it('is superseded whichever of two is written first', async () => {
    const { outbox, relay, time, note } = desk();
    const [older, newer] = [note('older', { kind: 0, age: 10 }), note('newer', { kind: 0 })];
    relay.stop();
    // Both are being written before either is known.
    const two = hear(outbox.publish(newer));
    const one = hear(outbox.publish(older));
    await time.advance(SECOND);
    expect(statuses(one).at(-1)).toBe('superseded');
    expect(statuses(two).at(-1)).toBe('pending');
    // And the newer one is still known as such.
    const third = hear(outbox.publish(note('oldest', { kind: 0, age: 20 })));
    await time.advance(SECOND);
    expect(statuses(third)).toEqual(['superseded']);
  });

  it('is superseded at a start, where a crash came between', async () => {
    const first = desk();
    const [older, newer] = [first.note('older', { kind: 0, age: 10 }), first.note('newer', { kind: 0 })];
    first.relay.stop();
    hear(first.outbox.publish(older));
    await first.time.advance(SECOND);
    first.store.crashAfter = first.store.steps + 3;
    hear(first.outbox.publish(newer));
    await first.time.advance(SECOND);
    expect([...first.store.disk.keys()].sort()).toEqual([older.id, newer.id].sort());
    first.pool.close();
    const pool = new RelayPool({
      relays: [first.relay.url],
      scheduler: first.time,
      WebSocket: first.network.WebSocket,
    });
    const second = first.next({}, pool);
    first.relay.restart();
    await first.time.advance(MINUTE);
    expect(second.settled.map(({ event, status }) => [event.content, status]).sort()).toEqual([
      ['newer', 'delivered'],
      ['older', 'superseded'],
    ]);
    expect(contents([...first.relay.store])).toEqual(['newer']);
  });

  it('is taken back', async () => {
    const { outbox, store, relay, settled, time, note } = desk();
    relay.stop();
    const event = note('on second thoughts');
    const publish = hear(outbox.publish(event));
    await time.advance(SECOND);
    expect(await outbox.cancel(event.id)).toBe(true);
    expect(store.disk.size).toBe(0);
    expect(statuses(publish).at(-1)).toBe('cancelled');
    expect(settled).toHaveLength(1);
    expect(await outbox.cancel(event.id)).toBe(false);
    relay.restart();
    await time.advance(HOUR);
    expect(sent(relay)).toBe(0);
    // And may be published again.
    const again = hear(outbox.publish(event));
    await time.advance(SECOND);
    expect(statuses(again).at(-1)).toBe('delivered');
  });

  it('is taken back while it is being written', async () => {
    const { outbox, store, relay, time, note } = desk();
    await time.advance(0);
    const event = note('never mind');
    const publish = hear(outbox.publish(event));
    await Promise.resolve();
    await Promise.resolve();
    const cancel = outbox.cancel(event.id);
    await time.advance(SECOND);
    expect(await cancel).toBe(true);
    expect(statuses(publish).at(-1)).toBe('cancelled');
    expect(store.disk.size).toBe(0);
    expect(sent(relay)).toBe(0);
  });

  it('is gone when somebody else took it out of the store', async () => {
    const { outbox, store, relay, time, note } = desk();
    relay.stop();
    const event = note('in two tabs');
    const publish = hear(outbox.publish(event));
    await time.advance(MINUTE);
    store.disk.clear();
    relay.restart();
    await time.advance(HOUR);
    expect(statuses(publish).at(-1)).toBe('gone');
    expect(sent(relay)).toBe(0);
    expect(store.calls).not.toContain(`delete ${event.id}`);
  });

  it('is not sent where another outbox on the store was told that it is there', async () => {
    const first = desk({ relays: 2 }, { quorum: 2 });
    const { relays, time, note } = first;
    for (const relay of relays) relay.stop();
    const event = note('in two tabs');
    hear(first.outbox.publish(event));
    await time.advance(MINUTE);
    const second = first.next({ quorum: 2 });
    await time.advance(MINUTE);
    const stored = JSON.parse(first.store.disk.get(event.id) ?? '');
    // As the other would write it.
    first.store.disk.set(event.id, JSON.stringify({ ...stored, accepted: { [relays[0]?.url ?? '']: '' } }));
    relays[1]?.restart();
    await time.advance(5 * MINUTE);
    expect(sent(relays[0])).toBe(0);
    // Either may have been first.
    for (const { settled } of [first, second]) expect(['delivered', 'gone']).toContain(settled[0]?.status);
  });
});

describe('the store', () => {
  it.each([false, true])(
    'fails to write: the publish says so, and sends nothing (written all the same: %s)',
    async (isDone) => {
      const { outbox, store, relay, trouble, time, note } = desk();
      await time.advance(0);
      store.failing = { call: 'put', isDone };
      const event = note('unlucky');
      const [publish, joined] = [hear(outbox.publish(event)), hear(outbox.publish(event))];
      await time.advance(MINUTE);
      expect(publish.error).toMatchObject({ name: 'OutboxError', code: 'store-failed' });
      expect(joined.error).toMatchObject({ code: 'store-failed' });
      expect(trouble).toMatchObject([{ type: 'store', action: 'put', key: event.id }]);
      expect(store.disk.size).toBe(0);
      store.failing = undefined;
      await time.advance(HOUR);
      expect(sent(relay)).toBe(0);
      const again = hear(outbox.publish(event));
      await time.advance(SECOND);
      expect(statuses(again).at(-1)).toBe('delivered');
    },
  );

  it('fails to keep a confirmation, or to forget: told, and the event is delivered', async () => {
    const { outbox, store, relays, trouble, time, note } = desk({ relays: 2 }, { quorum: 2 });
    relays[1]?.stop();
    const event = note('confirmed');
    const publish = hear(outbox.publish(event));
    store.failing = undefined;
    await time.until(() => publish.values.length > 0);
    store.failing = { call: 'put', isDone: false };
    await time.advance(MINUTE);
    expect(publish.values.at(-1)).toMatchObject({ status: 'pending', accepted: 1 });
    store.failing = { call: 'delete', isDone: false };
    relays[1]?.restart();
    await time.advance(2 * MINUTE);
    expect(publish.values.at(-1)).toMatchObject({ status: 'delivered', accepted: 2 });
    expect(trouble.map((value) => value.type === 'store' && value.action)).toEqual(['put', 'delete']);
  });

  it('fails to forget what is cancelled: the promise rejects', async () => {
    const { outbox, store, relay, time, note } = desk();
    relay.stop();
    const event = note('stays');
    hear(outbox.publish(event));
    await time.advance(SECOND);
    store.failing = { call: 'delete', isDone: false };
    await expect(outbox.cancel(event.id)).rejects.toMatchObject({ code: 'store-failed' });
  });

  it('fails to read an entry: it is sent all the same', async () => {
    const { outbox, store, relay, trouble, time, note } = desk();
    relay.stop();
    const publish = hear(outbox.publish(note('unread')));
    await time.advance(MINUTE);
    store.failing = { call: 'get', isDone: true };
    relay.restart();
    await time.advance(2 * MINUTE);
    expect(statuses(publish).at(-1)).toBe('delivered');
    expect(trouble[0]).toMatchObject({ type: 'store', action: 'get' });
  });

  it('cannot be opened: publishes are refused, and it is tried again', async () => {
    const store = new StepStore();
    store.failing = { call: 'entries', isDone: true };
    const { pool, time, note } = world();
    const outbox = new DurableOutbox(pool, store, { scheduler: time, random: seededRandom(1) });
    const trouble = hear(outbox.trouble$);
    const pending = hear(outbox.pending$);
    const refused = hear(outbox.publish(note('no')));
    await time.advance(10 * SECOND);
    expect(refused.error).toMatchObject({ code: 'store-failed' });
    expect(trouble.values.length).toBeGreaterThan(1);
    expect(trouble.values[0]).toMatchObject({ type: 'store', action: 'open' });
    expect(pending.values).toEqual([]);
    store.failing = undefined;
    await time.advance(MINUTE);
    expect(pending.values).toEqual([[]]);
    const publish = hear(outbox.publish(note('yes')));
    await time.advance(SECOND);
    expect(statuses(publish).at(-1)).toBe('delivered');
    await outbox.close();
  });

  it('has entries that are not ours, or damaged: told, left alone, removed when asked, and in nobody’s way', async () => {
    const { note, ...first } = desk();
    const good = note('good');
    first.relay.stop();
    hear(first.outbox.publish(good));
    await first.time.advance(SECOND);
    await first.outbox.close();
    const record = JSON.parse(first.store.disk.get(good.id) ?? '');
    const damaged: Record<string, string> = {
      torn: first.store.disk.get(good.id)?.slice(0, -9) ?? '',
      foreign: '"hello"',
      newer: JSON.stringify({ ...record, version: 2 }),
      'other event': JSON.stringify(record),
      ...Object.fromEntries(
        Object.entries({
          event: { ...good, sig: 'x' },
          since: 'now',
          until: null,
          quorum: 0,
          relays: ['nowhere'],
          priority: 'urgent',
          isRejected: 1,
          accepted: { 'no relay': '' },
          refused: null,
        }).map(([field, value]) => {
          const event = note(field);
          return [event.id, JSON.stringify({ ...record, event, [field]: value })];
        }),
      ),
    };
    for (const [key, text] of Object.entries(damaged)) first.store.disk.set(key, text);
    const second = first.next();
    const keys = Object.keys(damaged);
    await first.time.advance(SECOND);
    expect(second.trouble.map((value) => value.type === 'unreadable' && value.key).sort()).toEqual(keys.sort());
    first.relay.restart();
    await first.time.advance(2 * MINUTE);
    expect(second.settled).toMatchObject([{ event: good, status: 'delivered' }]);
    expect([...second.store.disk.keys()].sort()).toEqual(keys);
    expect(await second.outbox.cancel('torn')).toBe(true);
    expect(await second.outbox.cancel('torn')).toBe(false);
    expect(second.store.disk.has('torn')).toBe(false);
    expect(contents([...first.relay.store])).toEqual(['good']);
  });

  it('in memory keeps what it is told for the next outbox', async () => {
    const { pool, relay, time, note } = world();
    const store = memoryOutboxStore();
    relay.stop();
    const first = new DurableOutbox(pool, store, { scheduler: time });
    hear(first.publish(note('memory')));
    await time.advance(SECOND);
    await first.close();
    relay.restart();
    const second = new DurableOutbox(pool, store, { scheduler: time });
    const settled = hear(second.settled$);
    await time.advance(2 * MINUTE);
    expect(settled.values).toMatchObject([{ status: 'delivered' }]);
    expect([...(await store.entries())]).toEqual([]);
    await second.close();
  });
});

describe('the bounds', () => {
  it('a full outbox refuses before anything is written or sent', async () => {
    const { outbox, store, relay, time, note } = desk({}, { capacity: 2 });
    relay.stop();
    const events = ['one', 'two', 'three'].map((content) => note(content));
    // All at once: what is being written counts.
    const heard = events.map((event) => hear(outbox.publish(event)));
    await time.advance(SECOND);
    expect(heard.map(({ error }) => error)).toMatchObject([undefined, undefined, { code: 'full' }]);
    expect(store.disk.size).toBe(2);
    // One that is kept is no one more.
    const again = hear(outbox.publish(events[0] ?? note('')));
    await time.advance(0);
    expect(statuses(again)).toEqual(['pending']);
    await outbox.cancel(events[0]?.id ?? '');
    const third = hear(outbox.publish(events[2] ?? note('')));
    await time.advance(0);
    expect(statuses(third)).toEqual(['pending']);
  });

  it('counts characters', async () => {
    const { outbox, relay, time, note } = desk({}, { characters: 2_000 });
    relay.stop();
    const event = note('x'.repeat(1_000));
    const [one, two] = [hear(outbox.publish(event)), hear(outbox.publish(note('y'.repeat(1_000))))];
    await time.advance(SECOND);
    expect(statuses(one)).toContain('pending');
    expect(two.error).toMatchObject({ code: 'full' });
    await outbox.cancel(event.id);
    const three = hear(outbox.publish(note('y'.repeat(1_000))));
    await time.advance(SECOND);
    expect(statuses(three)).toContain('pending');
  });

  it('sends so many at a time, half of the places for what is tried again, and new ones first', async () => {
    const dead = { faults: { noOk: true } };
    const { outbox, relays, time, note } = desk(
      { relays: [dead, {}], pool: patient },
      { concurrency: 4, backoff: { floor: 1 } },
    );
    const slow = Array.from({ length: 10 }, (_, index) => note(`slow ${index}`));
    for (const event of slow) hear(outbox.publish(event, { relays: [relays[0]?.url ?? ''] }));
    await time.advance(5 * SECOND);
    expect(sent(relays[0])).toBe(4);
    await time.advance(30 * SECOND);
    // All had their first attempt; what is tried again has two places.
    const before = sent(relays[0]);
    await time.advance(20 * SECOND);
    expect(sent(relays[0]) - before).toBe(4);
    const quick = hear(outbox.publish(note('quick'), { relays: [relays[1]?.url ?? ''] }));
    await time.advance(SECOND);
    expect(statuses(quick).at(-1)).toBe('delivered');
  });

  it('tries so many again a second', async () => {
    const connectivity$ = new Subject<unknown>();
    const options = { retryRate: 5, backoff: { floor: HOUR }, connectivity$, concurrency: 100 };
    const { outbox, relay, time, note } = desk({ relays: [{ faults: { noOk: true } }], pool: patient }, options);
    for (let index = 0; index < 40; index++) hear(outbox.publish(note(`${index}`)));
    await time.advance(20 * SECOND);
    expect(sent(relay)).toBe(40);
    connectivity$.next('online');
    await time.advance(3 * SECOND);
    expect(sent(relay) - 40).toBeGreaterThanOrEqual(5 + 3 * 5 - 2);
    expect(sent(relay) - 40).toBeLessThanOrEqual(5 + 3 * 5);
  });

  it('an attempt of which the route throws is told, and made again later', async () => {
    let isBroken = true;
    const working = only(['wss://relay1.test']);
    const { outbox, trouble, time, note } = desk(
      {},
      {
        route: (...call) => {
          if (isBroken) throw new Error('lost the map');
          return working(...call);
        },
      },
    );
    const event = note('astray');
    const publish = hear(outbox.publish(event));
    await time.advance(SECOND);
    expect(trouble[0]).toMatchObject({ type: 'publish', event, error: { message: 'lost the map' } });
    isBroken = false;
    await time.advance(2 * MINUTE);
    expect(statuses(publish).at(-1)).toBe('delivered');
  });
});

describe('misuse', () => {
  it.each([
    [{ quorum: 0 }],
    [{ quorum: {} }],
    [{ keepFor: 0 }],
    [{ keepFor: Infinity }],
    [{ capacity: 1.5 }],
    [{ characters: -1 }],
    [{ concurrency: 0 }],
    [{ retryRate: 0 }],
    [{ deadline: 2 ** 31 }],
    [{ backoff: { factor: 0 } }],
  ])('the options %j are refused', (options) => {
    const { pool } = world();
    expect(() => new DurableOutbox(pool, memoryOutboxStore(), options)).toThrow(RangeError);
  });

  it('of publish is an error of the stream, and nothing is written', async () => {
    const { outbox, store, time, note } = desk();
    const event = note('fine');
    const refused = [
      outbox.publish({ ...event, id: event.id.toUpperCase() }),
      outbox.publish(event, { quorum: 0 }),
      outbox.publish(event, { keepFor: -1 }),
      outbox.publish(event, { relays: [] }),
      outbox.publish(event, { relays: ['nowhere'] }),
      outbox.publish(event, { priority: 'urgent' as 'high' }),
      outbox.publish(event, { quorum: { nowhere: 1 } }),
    ].map((stream) => hear(stream));
    await time.advance(SECOND);
    expect(refused.map(({ error }) => (error as { code: string }).code)).toEqual([
      'invalid-event',
      ...Array.from({ length: 5 }, () => 'invalid-option'),
      'unknown-cluster',
    ]);
    expect(store.disk.size).toBe(0);
  });
});

describe('pending$', () => {
  it('is what waits: now, and after every change; oldest first', async () => {
    const { outbox, relay, time, note } = desk();
    relay.stop();
    const heard = hear(outbox.pending$);
    await time.advance(SECOND);
    expect(heard.values).toEqual([[]]);
    hear(outbox.publish(note('one')));
    await time.advance(SECOND);
    hear(outbox.publish(note('two')));
    await time.advance(SECOND);
    const now = hear(outbox.pending$);
    expect(now.values).toHaveLength(1);
    for (const { values } of [heard, now])
      expect(contents((values.at(-1) ?? []).map(({ event }) => event))).toEqual(['one', 'two']);
    relay.restart();
    await time.advance(2 * MINUTE);
    expect(heard.values.at(-1)).toEqual([]);
    await outbox.close();
    expect([heard.completed, now.completed]).toEqual([true, true]);
  });
});

describe('closing', () => {
  it('leaves no timer, ends every stream, and waits for the writes', async () => {
    const { outbox, store, pool, relay, settled, time, note } = desk();
    relay.stop();
    const kept = hear(outbox.publish(note('kept')));
    await time.advance(MINUTE);
    let isWritten = false;
    const put = store.put.bind(store);
    store.put = async (key, value) => {
      await new Promise((resolve) => setImmediate(resolve));
      await put(key, value);
      isWritten = true;
    };
    const close = store.close.bind(store);
    let wasWritten = false;
    store.close = () => {
      wasWritten = isWritten;
      return close();
    };
    const writing = hear(outbox.publish(note('being written')));
    const streams = [hear(outbox.settled$), hear(outbox.trouble$), hear(outbox.pending$)];
    await Promise.resolve();
    await outbox.close();
    expect(wasWritten).toBe(true);
    expect(store.calls.at(-1)).toBe('close');
    expect([kept, writing, ...streams].map(({ completed }) => completed)).toEqual([true, true, true, true, true]);
    expect(statuses(writing)).toEqual(['pending']);
    expect(store.disk.size).toBe(2);
    expect(settled).toEqual([]);
    await outbox.close();
    const late = hear(outbox.publish(note('late')));
    await time.advance(0);
    expect(late.error).toMatchObject({ code: 'closed' });
    await expect(outbox.cancel('x')).rejects.toMatchObject({ code: 'closed' });
    pool.close();
    expect(await time.settle(HOUR)).toBe(true);
    expect(time.actions).toHaveLength(0);
  });

  it('of the pool stops the sending, and loses nothing', async () => {
    const { outbox, store, pool, relay, trouble, time, note } = desk();
    relay.stop();
    hear(outbox.publish(note('waits')));
    await time.advance(MINUTE);
    pool.close();
    const late = hear(outbox.publish(note('waits too')));
    await time.advance(SECOND);
    expect(statuses(late)).toEqual(['pending']);
    expect(await time.settle(HOUR)).toBe(true);
    expect(store.disk.size).toBe(2);
    expect(trouble).toEqual([]);
    await outbox.close();
  });

  it('while it is opening is no trouble', async () => {
    const { outbox, store, trouble } = desk();
    await outbox.close();
    expect(store.calls).toEqual(['entries', 'close']);
    expect(trouble).toEqual([]);
  });
});
