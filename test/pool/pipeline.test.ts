import { delay, identity, map, NEVER, pipe, tap, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/pool/exchange.ts';
import { pipelineStages, type Stage } from '../../src/pool/pipeline.ts';
import type { RelayUrl } from '../../src/protocol/relay-url.ts';
import type { Route } from '../../src/pool/route.ts';
import { fakeEvent, testKey, testSigner, type VirtualRelay } from '../../src/testing/index.ts';
import { statusesOf } from '../support/status-of.ts';
import { contents, hear, words, worldOfLoners } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** The first tag of each REQ and the content of each EVENT that a relay got, in order. */
function asked(relay: VirtualRelay): string[] {
  return relay.received.flatMap(({ message }) => {
    if (message.type === 'EVENT') return [`EVENT ${(message.event as { content: string }).content}`];
    if (message.type === 'REQ') return [`REQ ${(message.filters[0] as { '#t'?: string[] })['#t']?.[0] ?? ''}`];
    return [];
  });
}
const tagged = (tag: string) => ({ kinds: [1], '#t': [tag] });

describe('the guard', () => {
  it('sends nothing to a relay that answers nothing, but probes, and comes back by itself', async () => {
    const { pool, time, relay } = worldOfLoners({
      relays: [{ faults: { noEose: true } }],
      pool: { livenessInterval: 60 * MINUTE, breaker: { openTime: 8_000, jitter: 0 } },
    });
    const silent = { silenceTimeout: SECOND };
    for (let i = 0; i < 5; i++) {
      hear(pool.request(tagged(`${i}`), silent));
      await time.advance(1_500);
    }
    expect(statusesOf(pool)[0]).toMatchObject({ state: 'connected', circuit: 'open' });
    const before = asked(relay).length;
    const refused = hear(pool.packets(tagged('refused'), silent));
    const report = hear(pool.publish(fakeEvent({ content: 'later' }), { deadline: 2_000 }));
    await time.advance(2_000);
    expect(asked(relay)).toHaveLength(before);
    expect(report.values.at(-1)?.outcomes[relay.url as RelayUrl]).toMatchObject({
      status: 'unreachable',
      error: { code: 'circuit-open' },
    });
    // While it is open nothing is sent; then one probe, which fails, and again.
    for (let i = 0; i < 60; i++) {
      hear(pool.request(tagged(`${i}`), silent));
      await time.advance(SECOND);
    }
    const probes = asked(relay).length - before;
    expect(probes).toBeGreaterThan(1);
    expect(probes).toBeLessThan(8);
    relay.faults.noEose = false;
    await time.advance(MINUTE);
    const next = hear(pool.packets(tagged('next')));
    await time.advance(SECOND);
    expect(words(next.values)).toEqual(['eose 0']);
    expect(statusesOf(pool)[0]?.circuit).toBe('closed');
    expect(words(refused.values)[0]).toBe('lost circuit-open 0');
    pool.close();
  });

  it('says at once that such a relay is not awaited, and others are not delayed', async () => {
    const { pool, time, relays, note } = worldOfLoners({
      relays: [{ faults: { noEose: true } }, {}],
      pool: { breaker: { consecutiveFailures: 2, openTime: 30_000, jitter: 0 } },
    });
    relays[1]?.seed(note('answer'));
    for (let i = 0; i < 2; i++) {
      hear(pool.request(tagged(`${i}`), { silenceTimeout: SECOND }));
      await time.advance(2 * SECOND);
    }
    const heard = hear(pool.packets({ kinds: [1] }));
    await time.advance(100);
    expect(words(heard.values)).toEqual(['lost circuit-open 1', 'event answer', 'eose 0']);
    const request = hear(pool.request({ kinds: [1] }));
    await time.advance(100);
    expect(contents(request.values)).toEqual(['answer']);
    expect(request.completed).toBe(true);
    pool.close();
  });

  it('lets a publish wait that comes while a probe is under way', async () => {
    const { pool, time, relay, note } = worldOfLoners({
      relays: [{ faults: { noEose: true } }],
      pool: { breaker: { consecutiveFailures: 1, openTime: 2_000, jitter: 0 } },
    });
    hear(pool.request(tagged('a'), { silenceTimeout: SECOND }));
    await time.advance(4 * SECOND);
    relay.faults.noEose = false;
    relay.faults.delay = 500;
    hear(pool.request(tagged('probe')));
    await time.advance(100);
    expect(statusesOf(pool)[0]?.circuit).toBe('half-open');
    const report = hear(pool.publish(note('one'), { deadline: 5_000 }));
    await time.advance(2 * SECOND);
    expect(report.values.at(-1)).toMatchObject({ accepted: 1, pending: 0 });
    pool.close();
  });

  it('leaves a relay alone for a moment that says rate-limited, and asks again', async () => {
    const { pool, time, relay } = worldOfLoners();
    relay.faults.closedWith = 'rate-limited: slow down';
    const heard = hear(pool.packets(tagged('a')));
    await time.advance(40);
    relay.faults.closedWith = undefined;
    expect(statusesOf(pool)[0]?.circuit).toBe('open');
    const other = hear(pool.packets(tagged('b')));
    await time.advance(500);
    expect(asked(relay)).toEqual(['REQ a']);
    await time.advance(2 * SECOND);
    expect(asked(relay).sort()).toEqual(['REQ a', 'REQ a', 'REQ b']);
    expect(words(heard.values)).toEqual(['closed rate-limited 1', 'eose 0']);
    expect(words(other.values)).toEqual(['eose 0']);
    pool.close();
  });

  it('counts the end of a connection once, however many exchanges it ends', async () => {
    const { pool, time, relay } = worldOfLoners({ relays: [{ faults: { delay: 5_000 } }] });
    for (let i = 0; i < 20; i++) hear(pool.subscribe(tagged(`${i}`)));
    await time.advance(SECOND);
    relay.connections[0]?.close(1_001);
    await time.advance(50);
    expect(statusesOf(pool)[0]).toMatchObject({ state: 'disconnected', circuit: 'closed' });
    await time.advance(20 * SECOND);
    expect(statusesOf(pool)[0]).toMatchObject({ state: 'connected', circuit: 'closed' });
    pool.close();
  });

  it('judges nobody while everything fails, and lets everybody in when that is over', async () => {
    const { pool, time, relays } = worldOfLoners({ relays: 5 });
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(10 * SECOND);
    for (const relay of relays) relay.stop();
    await time.advance(10 * MINUTE);
    expect(statusesOf(pool).map(({ circuit }) => circuit)).toEqual(Array(5).fill('closed'));
    for (const relay of relays) relay.restart();
    await time.advance(90 * SECOND);
    expect(statusesOf(pool).map(({ state }) => state)).toEqual(Array(5).fill('connected'));
    // When one alone fails, it is not us.
    relays[0]?.stop();
    await time.advance(5 * MINUTE);
    expect(statusesOf(pool).map(({ circuit }) => circuit)).toEqual(['open', ...(Array(4).fill('closed') as string[])]);
    pool.close();
  });

  it('does not judge who joins while everything fails, and judges who failed when it left no more', async () => {
    const { pool, time, relays } = worldOfLoners({ relays: 3 });
    const [, gone, late] = relays as [VirtualRelay, VirtualRelay, VirtualRelay];
    pool.remove(late.url);
    hear(pool.subscribe({ kinds: [1] }));
    for (const relay of relays) relay.stop();
    await time.advance(10 * MINUTE);
    pool.add(late.url);
    await time.advance(10 * MINUTE);
    expect(statusesOf(pool).map(({ circuit }) => circuit)).toEqual(['closed', 'closed', 'closed']);
    pool.remove(late.url);
    pool.remove(gone.url);
    // One alone cannot be told from us.
    await time.advance(10 * MINUTE);
    expect(statusesOf(pool)).toMatchObject([{ circuit: 'open' }]);
    pool.close();
  });
});

describe('a relay that is alone', () => {
  it('cannot be told from us: it is left alone too, and tried about once a minute', async () => {
    const { pool, time, relay } = worldOfLoners();
    relay.stop();
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(10 * MINUTE);
    expect(statusesOf(pool)[0]).toMatchObject({ circuit: 'open', error: { code: 'connect-failed' } });
    relay.restart();
    await time.advance(61 * SECOND);
    expect(statusesOf(pool)[0]).toMatchObject({ circuit: 'closed', state: 'connected' });
    pool.close();
  });
});

describe('the queue', () => {
  const oneAtATime = { load: { maximum: 1, minimum: 1 }, connections: { maximum: 1 } };

  it('lets the more urgent go first, and what a user publishes before what is read in the background', async () => {
    const { pool, time, relay, note } = worldOfLoners({ pool: oneAtATime });
    hear(pool.subscribe(tagged('first')));
    for (const priority of ['low', 'normal', 'high', 'critical'] as const) {
      hear(pool.request(tagged(priority), { priority }));
    }
    hear(pool.publish(note('published')));
    await time.advance(SECOND);
    expect(asked(relay)).toEqual(['REQ first', 'REQ critical', 'REQ high', 'EVENT published', 'REQ normal', 'REQ low']);
    expect(statusesOf(pool)[0]).toMatchObject({ inFlight: 0, queued: 0 });
    pool.close();
  });

  it('asks for what was live before anything else after a reconnect', async () => {
    const { pool, time, relay, note } = worldOfLoners({ pool: oneAtATime });
    for (const tag of ['a', 'b', 'c']) hear(pool.subscribe(tagged(tag), { priority: 'low' }));
    await time.advance(SECOND);
    const before = asked(relay).length;
    relay.drop();
    await time.advance(5);
    hear(pool.publish(note('published'), { priority: 'critical' }));
    hear(pool.request(tagged('new'), { priority: 'high' }));
    await time.advance(5 * SECOND);
    // The pages of the outage come last, as they are of low priority.
    expect(asked(relay).slice(before)).toEqual([
      'REQ a',
      'REQ b',
      'REQ c',
      'EVENT published',
      'REQ new',
      'REQ a',
      'REQ b',
      'REQ c',
    ]);
    pool.close();
  });

  it('ends what it has no room for in a word, and lets a live request come back', async () => {
    const { pool, time } = worldOfLoners({ pool: { ...oneAtATime, queue: { capacity: 2 } } });
    const heard = ['a', 'b', 'c', 'd'].map((tag) => hear(pool.packets(tagged(tag), { priority: 'low' })));
    const urgent = hear(pool.request(tagged('e'), { priority: 'high' }));
    await time.advance(10 * SECOND);
    expect(urgent.completed).toBe(true);
    expect(heard.map(({ values }) => words(values))).toEqual([
      ['eose 0'],
      ['lost evicted 0', 'eose 0'],
      ['lost evicted 0', 'eose 0'],
      ['eose 0'],
    ]);
    pool.close();
  });

  it('tells a publish that it was never sent', async () => {
    const { pool, time, relay, note } = worldOfLoners({ pool: { ...oneAtATime, queue: { capacity: 1 } } });
    relay.faults.noEose = true;
    hear(pool.subscribe(tagged('a')));
    await time.advance(100);
    const [evicted, expired] = [
      hear(pool.publish(note('evicted'))),
      hear(pool.publish(note('expired'), { deadline: 5_000 })),
    ];
    await time.advance(SECOND);
    expect(evicted.values.at(-1)).toMatchObject({ pending: 0, outcomes: { [relay.url]: { status: 'evicted' } } });
    await time.advance(5 * SECOND);
    expect(expired.values.at(-1)).toMatchObject({ pending: 0, accepted: 0 });
    expect(asked(relay)).toEqual(['REQ a']);
    pool.close();
  });

  it('does not hold up an authentication, for which everything waits', async () => {
    const { pool, time, relay, note } = worldOfLoners({
      relays: [{ auth: { read: true, challenge: 'refusal' } }],
      pool: { ...oneAtATime, signer: testSigner(testKey(3)) },
    });
    relay.seed(note('for members', { tags: [['t', 'a']] }));
    const reads = Array.from({ length: 20 }, () => hear(pool.request(tagged('a'), { priority: 'low' })));
    await time.advance(2 * SECOND);
    expect(reads.every(({ values, completed }) => completed && contents(values)[0] === 'for members')).toBe(true);
    expect(relay.received.filter(({ message }) => message.type === 'AUTH')).toHaveLength(1);
    pool.close();
  });

  it('takes back what is cancelled while it waits', async () => {
    const { pool, time, relay, note } = worldOfLoners({ pool: oneAtATime });
    hear(pool.subscribe(tagged('first')));
    const cancelled = [hear(pool.publish(note('cancelled'))), hear(pool.request(tagged('cancelled')))];
    hear(pool.request(tagged('last')));
    await time.advance(25); // connected, and the first is asked
    for (const { subscription } of cancelled) subscription.unsubscribe();
    await time.advance(SECOND);
    expect(asked(relay)).toEqual(['REQ first', 'REQ last']);
    expect(statusesOf(pool)[0]).toMatchObject({ inFlight: 0, queued: 0 });
    pool.close();
  });
});

describe('an exchange', () => {
  it('that gets events all the time but no end is not awaited for ever, and goes on', async () => {
    const { pool, time, relay, note } = worldOfLoners({ relays: [{ faults: { noEose: true } }] });
    const heard = hear(pool.packets({ kinds: [1] }, { deadline: 30_000 }));
    for (let i = 0; i < 40; i++) {
      await time.advance(SECOND);
      relay.add(note(`${i}`));
    }
    await time.advance(SECOND);
    const said = words(heard.values);
    expect(said.filter((word) => word.startsWith('event'))).toHaveLength(40);
    expect(said.filter((word) => !word.startsWith('event'))).toEqual(['gap', 'lost deadline 0']);
    expect(statusesOf(pool)[0]).toMatchObject({ inFlight: 0 });
    pool.close();
  });

  it('says what it is to every stage, and passes each of them once, in order', async () => {
    const seen: string[] = [];
    const spy =
      (name: keyof typeof pipelineStages): Stage =>
      (exchange: Exchange) =>
        pipe(
          pipelineStages[name](exchange),
          tap({ subscribe: () => seen.push(`${name} ${exchange.verb} ${exchange.priority}`) }),
        );
    const stages = {
      guard: spy('guard'),
      queue: spy('queue'),
      send: spy('send'),
      outcome: spy('outcome'),
      health: spy('health'),
    };
    const { pool, time, note } = worldOfLoners({ pool: { stages } });
    hear(pool.request({ kinds: [1] }, { priority: 'low' }));
    await time.advance(SECOND);
    hear(pool.publish(note('one')));
    await time.advance(SECOND);
    const each = (what: string): string[] =>
      ['guard', 'queue', 'health', 'outcome', 'send'].map((name) => `${name} ${what}`);
    expect(seen).toEqual([...each('REQ low'), ...each('EVENT high')]);
    pool.close();
  });

  it('is bounded where nothing else ends it in time: what has a deadline of its own that is sooner needs no timer', async () => {
    const seen: string[] = [];
    const send: Stage = (exchange) => {
      seen.push(`${exchange.verb} ${exchange.timeout}`);
      return pipelineStages.send(exchange);
    };
    const { pool, time, note } = worldOfLoners({ pool: { stages: { send } } });
    hear(pool.request({ kinds: [1] }, { deadline: 3 * SECOND }));
    await time.advance(SECOND);
    hear(pool.publish(note('one')));
    hear(pool.publish(note('two'), { deadline: 2 * MINUTE }));
    hear(pool.count({ kinds: [1] }));
    await time.advance(SECOND);
    expect(seen).toEqual(['REQ 3000', 'EVENT Infinity', 'EVENT 60000', 'COUNT Infinity']);
    pool.close();
  });

  it('passes a stage of the caller instead of ours', async () => {
    const { pool, time, relay, note } = worldOfLoners({
      pool: { stages: { guard: () => identity, queue: () => delay(0), send: () => () => NEVER } },
    });
    const heard = hear(pool.packets({ kinds: [1] }, { deadline: 5_000 }));
    const report = hear(pool.publish(note('one'), { deadline: 5_000 }));
    await time.advance(6 * SECOND);
    expect(relay.received).toEqual([]);
    expect(words(heard.values)).toEqual(['lost no-place 0']);
    expect(report.values.at(-1)?.outcomes[relay.url as RelayUrl]).toEqual({ status: 'unreachable' });
    pool.close();
  });
});

describe('a stage of the caller that breaks', () => {
  it('is misuse: it errors the stream that it broke, and no other', async () => {
    const broken: Stage =
      ({ verb, priority }) =>
      (source) =>
        verb === 'EVENT' || priority === 'low' ? throwError(() => new Error('the stage is broken')) : source;
    const { pool, time, note } = worldOfLoners({ relays: 2, pool: { stages: { guard: broken } } });
    const heard = [hear(pool.packets({ kinds: [1] }, { priority: 'low' })), hear(pool.publish(note('one')))];
    const other = hear(pool.packets({ kinds: [1] }));
    await time.advance(SECOND);
    expect(heard.map(({ error }) => error)).toEqual([
      new Error('the stage is broken'),
      new Error('the stage is broken'),
    ]);
    expect(words(other.values)).toEqual(['eose 1', 'eose 0']);
    pool.close();
    await time.advance(MINUTE);
    expect(time.actions).toHaveLength(0);
  });
});

describe('the route', () => {
  it('says which relays take part, and may change its mind', async () => {
    const connectedFirst: Route = (candidates$) =>
      candidates$.pipe(
        map(({ relays }) => relays.filter(({ url }) => !url.includes('relay2')).map((relay) => ({ relay }))),
      );
    const { pool, time, relays, note } = worldOfLoners({ relays: 3, pool: { route: connectedFirst } });
    hear(pool.subscribe({ kinds: [1] }));
    const report = hear(pool.publish(note('one')));
    await time.advance(SECOND);
    expect(relays.map(({ connectionCount }) => connectionCount)).toEqual([1, 0, 1]);
    expect(Object.keys(report.values.at(-1)?.outcomes ?? {})).toEqual(['wss://relay1.test/', 'wss://relay3.test/']);
    pool.close();
  });
});
