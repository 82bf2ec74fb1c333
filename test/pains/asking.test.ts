import { BehaviorSubject, combineLatest, lastValueFrom, NEVER, of, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { PoolError } from '../../src/pool/pool-error.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import { FilterError } from '../../src/protocol/filter.ts';
import { TestRelay, testSigner, testKey } from '../../src/testing/index.ts';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { laterVerifier } from '../support/clocked-verifiers.ts';
import { contents, hear, type World, words, world } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe('asking', () => {
  it('16. close() leaves nothing scheduled, whatever was under way', async () => {
    const { pool, relays, time, note } = world({
      relays: [
        {},
        { faults: { hang: true } },
        { faults: { refuse: true } },
        { faults: { halfOpen: true } },
        { faults: { noOk: true, noEose: true } },
        { auth: { read: true, write: true } },
      ],
      pool: { signer: { signEvent: () => new Promise(() => undefined) } },
    });
    hear(pool.subscribe({ kinds: [1] }));
    hear(pool.request({ kinds: [1] }));
    hear(pool.publish(note('on its way')));
    hear(pool.relays$);
    await time.advance(3 * SECOND);
    pool.close();
    expect(await time.settle(MINUTE)).toBe(true);
    // The half-open relay never hears that we left.
    expect(relays.map(({ connectionCount }) => connectionCount)).toEqual([0, 0, 0, 1, 0, 0]);
    expect(time.actions).toHaveLength(0);
  });

  it('17. one dead, silent or refusing relay of several never makes a request hang, nor ends the others early', async () => {
    const { pool, relays, time, note } = world({
      relays: [
        { faults: { delay: 4_000 } },
        { faults: { noEose: true } },
        { faults: { closedWith: 'restricted: members only' } },
        { faults: { hang: true } },
        { faults: { refuse: true } },
      ],
    });
    relays[0]?.seed(note('from the slow one'));
    relays[1]?.seed(note('from the one without EOSE'));
    const request = hear(pool.request({ kinds: [1] }));
    const packets = hear(pool.packets({ kinds: [1] }));
    await time.advance(30 * SECOND);
    expect(request.completed).toBe(true);
    expect(new Set(contents(request.values))).toEqual(new Set(['from the slow one', 'from the one without EOSE']));
    const said = words(packets.values);
    expect(said).toContain('event from the slow one');
    expect(said.filter((word) => word.startsWith('eose'))).toHaveLength(1);
    expect(said.filter((word) => word.startsWith('closed restricted'))).toHaveLength(1);
    expect(said.filter((word) => word.startsWith('lost silent'))).toHaveLength(1);
    expect(said.some((word) => word.startsWith('lost connect-timeout'))).toBe(true);
    expect(said.some((word) => word.startsWith('lost connect-failed'))).toBe(true);
    pool.close();
  });

  it('17. a relay that joins late does not give a request more time', async () => {
    const { pool, time, relays } = world({ relays: [{ faults: { noEose: true } }, { faults: { noEose: true } }] });
    const request = hear(pool.request({ kinds: [1] }, { deadline: 5_000, silenceTimeout: 20_000 }));
    await time.advance(4 * SECOND);
    pool.remove(relays[1]?.url ?? '');
    pool.add(relays[1]?.url ?? '');
    await time.advance(1_010);
    expect(request.completed).toBe(true);
    pool.close();
  });

  it('18. an unrelated busy subscription does not keep the deadline of a request from firing', async () => {
    const { pool, relay, time, note } = world();
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    relay.faults.noEose = true;
    const request = hear(pool.request({ kinds: [7] }));
    for (let i = 0; i < 30; i++) {
      relay.add(note(`busy ${i}`));
      await time.advance(SECOND);
    }
    expect(request.completed).toBe(true);
    pool.close();
  });

  it('18. a relay that drips answers cannot keep a request open beyond its deadline', async () => {
    const { pool, relay, time, note } = world();
    relay.faults.noEose = true;
    const request = hear(pool.request({ kinds: [1] }, { deadline: 20 * SECOND }));
    for (let i = 0; i < 25; i++) {
      relay.add(note(`drip ${i}`));
      await time.advance(SECOND);
    }
    expect(request.completed).toBe(true);
    expect(request.values.length).toBeGreaterThan(15);
    pool.close();
  });

  it('19. a REQ that is answered only by NOTICE ends, and the notice is told', async () => {
    const { pool, time } = world({ relays: [{ faults: { noticeOnly: true } }] });
    const packets = hear(pool.packets({ kinds: [1] }));
    const request = hear(pool.request({ kinds: [1] }));
    await time.advance(11 * SECOND);
    expect(request.completed).toBe(true);
    expect(words(packets.values)).toEqual(['gap', 'lost silent 0']);
    const lost = packets.values.at(-1);
    expect(lost?.type === 'lost' && lost.error.message).toMatch(/only the notice ".+"/);
    pool.close();
  });

  it('19. an AUTH that is answered only by NOTICE ends', async () => {
    const { pool, time } = world({
      relays: [{ auth: { read: true }, faults: { noticeOnly: ['AUTH'] } }],
      pool: { signer: testSigner(testKey(1)) },
    });
    const request = hear(pool.request({ kinds: [1] }));
    await time.advance(30 * SECOND);
    expect(request.completed).toBe(true);
    pool.close();
  });

  it('19. a COUNT that is answered only by NOTICE ends, and the notice is told', async () => {
    const { pool, relay, time } = world({ relays: [{ faults: { noticeOnly: ['COUNT'] } }] });
    const count = hear(pool.count({ kinds: [1] }));
    await time.advance(11 * SECOND);
    expect(count.completed).toBe(true);
    expect(count.values.at(-1)?.outcomes).toEqual({
      [relay.url]: { status: 'silent', notice: 'error: COUNT is not answered here' },
    });
    pool.close();
  });

  it('20. a slot is not lost by an unsubscribe at a bad moment', async () => {
    const { pool, relay, time, note } = world({
      relays: [{ auth: { read: true } }],
      pool: { signer: testSigner(testKey(1)) },
    });
    relay.seed(...Array.from({ length: 20 }, (_, i) => note(`note ${i}`, { age: i })));
    for (let moment = 0; moment < 200; moment += 5) {
      const { subscription } = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(moment);
      subscription.unsubscribe();
      const inCallback = hear(pool.subscribe({ kinds: [1] }).pipe(take(1)));
      await time.advance(400);
      expect(inCallback.completed).toBe(true);
      expect(relay.subscriptionCount).toBe(0);
    }
    pool.close();
  });

  it('20. what a relay refuses for the moment is asked again, and its CLOSED gets no CLOSE', async () => {
    const { pool, relay, time, note } = world({ relays: [{ faults: { closedWith: 'rate-limited: slow down' } }] });
    relay.seed(note('patience'));
    const packets = hear(pool.packets({ kinds: [1] }));
    await time.advance(500);
    relay.faults.closedWith = undefined;
    await time.advance(10 * SECOND);
    expect(words(packets.values)).toEqual(['closed rate-limited 1', 'event patience', 'eose 0']);
    expect(relay.received.filter(({ message }) => message.type === 'CLOSE')).toEqual([]);
    pool.close();
  });

  it('21. wss://x and wss://x/ are one relay everywhere', async () => {
    const { pool, relay, time, note } = world();
    for (const url of ['wss://relay1.test', 'WSS://Relay1.Test:443/', 'wss://relay1.test/#x']) pool.add(url);
    const statuses = hear(pool.relays$);
    expect(statuses.values.at(-1)).toHaveLength(1);
    const publish = hear(pool.publish(note('once')));
    await time.advance(SECOND);
    expect(Object.keys(publish.values.at(-1)?.outcomes ?? {})).toEqual(['wss://relay1.test/']);
    expect(relay.received.filter(({ message }) => message.type === 'EVENT')).toHaveLength(1);
    expect(pool.remove('WSS://RELAY1.test')).toBe(true);
    expect(pool.remove('wss://relay1.test/')).toBe(false);
    expect(statuses.values.at(-1)).toHaveLength(0);
    pool.close();
  });

  it('22. unsubscribing reaches every relay, not just the last', async () => {
    const { pool, relays, time } = world({ relays: 5 });
    const { subscription } = hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    expect(relays.map(({ subscriptionCount }) => subscriptionCount)).toEqual([1, 1, 1, 1, 1]);
    subscription.unsubscribe();
    await time.advance(SECOND);
    expect(relays.map(({ subscriptionCount }) => subscriptionCount)).toEqual([0, 0, 0, 0, 0]);
    pool.close();
  });

  it.each(['eose', 'lost'] as const)(
    '23. with asynchronous verification, %s still comes after the events before it',
    async (end) => {
      const scene: World = world({ pool: { verifier: laterVerifier(() => scene.time, 700) } });
      const { pool, relay, time, note } = scene;
      relay.seed(note('first', { age: 1 }), note('second', { age: 2 }));
      relay.faults.noEose = end !== 'eose';
      const packets = hear(pool.packets({ kinds: [1] }));
      await time.advance(100);
      if (end === 'lost') relay.drop();
      await time.advance(750);
      const expected = { eose: 'eose 0', lost: 'lost connection-lost 1' }[end];
      expect(
        words(packets.values)
          .filter((word) => word !== 'gap')
          .slice(0, 3),
      ).toEqual(['event first', 'event second', expected]);
      pool.close();
    },
  );

  it('24. a slow relay-information endpoint delays nothing', async () => {
    await using relay = await TestRelay.start({ faults: { informationHang: true } });
    const { note } = world();
    relay.seed(note('at once'));
    const pool = new RelayPool({ relays: [relay.url] });
    const events = await lastValueFrom(pool.request({ kinds: [1] }).pipe(toArray()));
    expect(contents(events)).toEqual(['at once']);
    pool.close();
  });
});

describe('what is asked', () => {
  it('may change: the new filter is asked before the old is let go, and nothing comes twice', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('a note'), note('a reaction', { kind: 7 }));
    const filter$ = new BehaviorSubject<Filter>({ kinds: [1] });
    const heard = hear(pool.subscribe(filter$));
    await time.advance(SECOND);
    filter$.next({ kinds: [1, 7] });
    relay.add(note('in between'));
    await time.advance(SECOND);
    expect(contents(heard.values).sort()).toEqual(['a note', 'a reaction', 'in between']);
    expect(relay.received.map(({ message }) => message.type)).toEqual(['REQ', 'REQ', 'CLOSE']);
    pool.close();
  });

  it('may change while what a lost connection brought is verified: it comes for the new filter', async () => {
    const scene: World = world({ pool: { verifier: laterVerifier(() => scene.time, SECOND) } });
    const { pool, relay, time, note } = scene;
    const filter$ = new BehaviorSubject<Filter>({ kinds: [1] });
    const heard = hear(pool.subscribe(filter$));
    await time.advance(SECOND);
    relay.add(note('just before'));
    await time.advance(100);
    relay.drop();
    await time.advance(100);
    filter$.next({ kinds: [1, 7] });
    await time.advance(60 * SECOND);
    expect(contents(heard.values)).toEqual(['just before']);
    pool.close();
  });

  it('reaches relays that are added later, and settles without those that are removed', async () => {
    const { pool, relays, network, time, note } = world({ relays: [{}, { faults: { noEose: true } }] });
    const late = network.relay('wss://late.test');
    late.seed(note('from the late one'));
    const live = hear(pool.subscribe({ kinds: [1] }));
    const request = hear(pool.request({ kinds: [1] }));
    const packets = hear(pool.packets({ kinds: [1] }));
    await time.advance(SECOND);
    expect(request.completed).toBe(false);
    pool.remove(relays[1]?.url ?? '');
    await time.advance(10);
    expect(request.completed).toBe(true);
    expect(words(packets.values)).toEqual(['eose 1', 'lost removed 0']);
    pool.add(late.url);
    await time.advance(SECOND);
    expect(contents(live.values)).toEqual(['from the late one']);
    pool.close();
  });

  it('is answered here when it can match nothing', async () => {
    const { pool, relay, time } = world();
    const heard = hear(pool.subscribe({ kinds: [] }));
    await time.advance(SECOND);
    expect(heard).toMatchObject({ values: [], completed: true, error: undefined });
    expect(relay.received).toEqual([]);
    pool.close();
  });

  it('is refused by a typed error when it is wrong', async () => {
    const { pool } = world();
    expect(hear(pool.subscribe({ kinds: [1.5] })).error).toBeInstanceOf(FilterError);
    expect(hear(pool.request(of({ ids: ['xyz'] }))).error).toBeInstanceOf(FilterError);
    pool.close();
    expect(hear(pool.request({ kinds: [1] })).error).toMatchObject({ code: 'pool-closed' });
    const empty = new RelayPool();
    await expect(lastValueFrom(empty.request({ kinds: [1] }))).rejects.toBeInstanceOf(PoolError);
    await expect(lastValueFrom(empty.request({ kinds: [1] }))).rejects.toMatchObject({ code: 'no-relays' });
    empty.close();
  });

  it('ends where the route names nobody, or says nothing at all', async () => {
    const nobody = world({ pool: { route: () => of([]) } });
    await expect(lastValueFrom(nobody.pool.request({ kinds: [1] }))).rejects.toMatchObject({ code: 'no-relays' });
    nobody.pool.close();

    const { pool, time, note } = world({ pool: { route: () => NEVER } });
    const request = hear(pool.request({ kinds: [1] }, { deadline: 5 * SECOND }));
    const publish = hear(pool.publish(note('to whom?'), { deadline: 5 * SECOND }));
    await time.advance(5 * SECOND - 1);
    expect([request.error, publish.error]).toEqual([undefined, undefined]);
    await time.advance(1);
    expect(request.error).toMatchObject({ code: 'no-relays' });
    expect(publish.error).toMatchObject({ code: 'no-relays' });
    expect(time.actions).toHaveLength(0);
    pool.close();
  });

  it('waits for a relay where it is live', async () => {
    const chosen = new BehaviorSubject(false);
    const { pool, relay, time, note } = world({
      pool: {
        route: (candidates$) =>
          combineLatest([candidates$, chosen], ({ relays }, isChosen) =>
            isChosen ? relays.map((relay) => ({ relay })) : [],
          ),
      },
    });
    const event = note('at last');
    relay.seed(event);
    const heard = hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    expect(heard).toMatchObject({ values: [], completed: false, error: undefined });
    chosen.next(true);
    await time.advance(SECOND);
    expect(heard.values).toEqual([event]);
    pool.close();
  });

  it('is paged where the relay caps, also over a second with several events', async () => {
    const { pool, relay, time, note } = world({
      relays: [{ faults: { cap: 20, order: 'shuffled' } }],
      pool: { verifier: { verify: (events) => events.map(() => true) } },
    });
    const notes = Array.from({ length: 90 }, (_, i) => note(`note ${i}`, { age: Math.floor(i / 5) }));
    relay.seed(...notes);
    const packets = hear(pool.packets({ kinds: [1] }));
    const limited = hear(pool.request({ kinds: [1], limit: 50 }));
    await time.advance(5 * SECOND);
    const events = packets.values.filter((packet) => packet.type === 'event');
    expect(events).toHaveLength(90);
    expect(packets.values.some((packet) => packet.type === 'gap')).toBe(false);
    expect(words(packets.values).at(-1)).toBe('eose 0');
    expect(limited.values).toHaveLength(50);
    expect(Math.min(...limited.values.map(({ created_at }) => created_at))).toBeGreaterThanOrEqual(
      notes[49]?.created_at ?? Infinity,
    );
    pool.close();
  });

  it('is paged to its end though every event of an answer comes twice', async () => {
    const { pool, relay, time, note } = world({ relays: [{ faults: { cap: 20 }, hints: false }] });
    relay.seed(...Array.from({ length: 30 }, (_, i) => note(`note ${i}`, { age: i })));
    hear(pool.request({ kinds: [1] }));
    await time.advance(5 * SECOND);
    // What is known is handed out in place of the forgery, so both copies count.
    relay.faults.lie = 'forged-content';
    relay.faults.lieInFront = true;
    const limited = hear(pool.request({ kinds: [1], limit: 28 }));
    await time.advance(5 * SECOND);
    expect(limited.values).toHaveLength(28);
    pool.close();
  });

  it('comes in order of relevance when it is a search', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('cats', { age: 1 }), note('cats and dogs and cats', { age: 100 }), note('dogs', { age: 2 }));
    const ordered = hear(pool.request({ search: 'cats dogs' }));
    await time.advance(SECOND);
    expect(contents(ordered.values)[0]).toBe('cats and dogs and cats');
    pool.close();
  });
});
