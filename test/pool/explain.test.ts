import type { SchedulerLike } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { explanationText } from '../../src/pool/explanation.ts';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { limit, where } from '../../src/pool/combined-routes.ts';
import { everyRelay } from '../../src/pool/routes.ts';
import { signedEvent, testKey, VirtualNetwork, VirtualTime } from '../../src/testing/index.ts';
import { hear, world } from '../support/world.ts';

const SECOND = 1_000;

/** What happened at each relay, in single words. */
function stepsOf(pool: RelayPool, id: string): Record<string, string> {
  const relays = pool.explain(id)?.relays ?? [];
  return Object.fromEntries(
    relays.map(({ relay, steps }) => [new URL(relay).hostname, steps.map(({ what }) => what).join(' ')]),
  );
}

describe('explain', () => {
  it('tells of a request who was chosen and skipped, and how it went', async () => {
    const { pool, time, relays, note } = world({ relays: 3 });
    relays[0]?.seed(note('one'));
    const route = where(({ url }) => !url.includes('relay3'));
    const heard = hear(pool.request({ kinds: [1] }, { id: 'feed', route }));
    await time.advance(SECOND);
    expect(heard.completed).toBe(true);
    expect(stepsOf(pool, 'feed')).toEqual({
      'relay1.test': 'chosen sent answered',
      'relay2.test': 'chosen sent answered',
      'relay3.test': 'skipped',
    });
    const explanation = pool.explain('feed');
    expect(explanation).toMatchObject({ ids: ['feed'], verb: 'REQ', filters: [{ kinds: [1] }], priority: 'normal' });
    expect(explanation?.relays[2]?.steps[0]?.why).toBe('the route preferred others');
    expect(explanation?.relays[0]?.known).toMatchObject({ isReady: true, reliability: 1, cost: undefined });
    // Dialled, and one round trip of 10 ms each way.
    expect(explanation?.relays[0]?.steps[2]?.why).toBe('EOSE after 20 ms');
    expect((explanation?.endedAt ?? 0) - (explanation?.beganAt ?? 0)).toBe(heardAfter(explanation));
    pool.close();
  });

  it('tells of a relay that failed, and of the one that was asked instead', async () => {
    const { pool, time, relays } = world({ relays: [{ faults: { closedWith: 'blocked: not you' } }, {}] });
    const heard = hear(pool.request({ kinds: [1] }, { id: 'feed', route: limit(everyRelay(), 1) }));
    await time.advance(SECOND);
    expect(heard.completed).toBe(true);
    expect(stepsOf(pool, 'feed')).toEqual({
      'relay1.test': 'chosen sent gap refused left',
      'relay2.test': 'skipped chosen sent answered',
    });
    const [first] = pool.explain('feed')?.relays ?? [];
    expect(first?.steps.map(({ why }) => why)).toEqual([
      '',
      '',
      'events dated 0 to Infinity may be missing',
      'blocked: not you',
      'the request failed there',
    ]);
    expect(relays[1]?.received.length).toBeGreaterThan(0);
    pool.close();
  });

  it('tells of what was late: silent, or slower than usual', async () => {
    const { pool, time, relays } = world({ relays: 2 });
    for (let n = 0; n < 40; n++) {
      hear(pool.request({ kinds: [1], authors: [`${n % 10}`.repeat(64)] }));
      await time.advance(100);
    }
    const [slow, silent] = relays;
    if (!slow || !silent) throw new Error('there are two');
    slow.faults.delay = 500;
    silent.faults.noEose = true;
    hear(pool.request({ kinds: [1] }, { id: 'feed' }));
    await time.advance(11 * SECOND);
    expect(stepsOf(pool, 'feed')).toEqual({
      'relay1.test': 'chosen sent late answered',
      'relay2.test': 'chosen sent gap late',
    });
    expect(pool.explain('feed')?.relays[1]?.steps.at(-1)?.why).toContain('no answer within 10000 ms');
    pool.close();
  });

  it('tells how long something waited for its turn', async () => {
    const { pool, time } = world({ relays: [{ faults: { delay: 300 } }], pool: { load: { maximum: 1 }, alone: true } });
    hear(pool.request({ kinds: [1] }));
    hear(pool.request({ kinds: [1] }, { id: 'second' }));
    await time.advance(5 * SECOND);
    expect(stepsOf(pool, 'second')).toEqual({ 'relay1.test': 'chosen throttled sent answered' });
    expect(pool.explain('second')?.relays[0]?.steps[1]?.why).toMatch(/^waited \d+ ms for its turn$/);
    pool.close();
  });

  it('tells of no wait where there was none, though the clock ticks while the call is made', async () => {
    const time = new VirtualTime();
    const network = new VirtualNetwork({ time, latency: 10 });
    let ticks = 0;
    const scheduler: SchedulerLike = { now: () => time.now() + ++ticks, schedule: time.schedule.bind(time) };
    const { url } = network.relay('wss://relay1.test', {});
    using pool = new RelayPool({ relays: [url], WebSocket: network.WebSocket, scheduler });
    const event = signedEvent({}, testKey(0));
    hear(pool.request({ kinds: [1] }, { id: 'asked' }));
    hear(pool.publish(event));
    await time.advance(SECOND);
    for (const id of ['asked', event.id]) expect(stepsOf(pool, id)).toEqual({ 'relay1.test': 'chosen sent answered' });
  });

  it('tells of an event what each relay made of it, also of one that was not sent', async () => {
    const { pool, time, note } = world({
      relays: [{}, { faults: { rejectedWith: 'blocked: no' } }, { faults: { noOk: true } }, {}],
    });
    const event = note('hello');
    pool.remove('wss://relay4.test');
    hear(pool.publish(event));
    await time.advance(11 * SECOND);
    expect(stepsOf(pool, event.id)).toEqual({
      'relay1.test': 'chosen sent answered',
      'relay2.test': 'chosen sent refused',
      'relay3.test': 'chosen sent late',
    });
    expect(pool.explain(event)).toMatchObject({ ids: [event.id], verb: 'EVENT', event, priority: 'high' });
    pool.close();
  });

  it('finds a shared request by the name of each that shares it', async () => {
    const { pool, time } = world();
    hear(pool.subscribe({ kinds: [1] }, { id: 'left' }));
    hear(pool.subscribe({ kinds: [1] }, { id: 'right' }));
    await time.advance(SECOND);
    hear(pool.subscribe({ kinds: [1] }, { id: 'later' }));
    expect(pool.explanations).toHaveLength(1);
    for (const id of ['left', 'right', 'later']) expect(pool.explain(id)?.ids).toEqual(['left', 'right', 'later']);
    pool.close();
  });

  it('remembers the latest calls, and of each the latest steps', async () => {
    const { pool, time, relay } = world({ pool: { explained: 2, alone: true } });
    const live = hear(pool.subscribe({ kinds: [1] }, { id: 'live' }));
    for (let n = 0; n < 15; n++) {
      await time.advance(20 * SECOND);
      relay.drop();
    }
    const [explained] = pool.explain('live')?.relays ?? [];
    expect(explained?.steps).toHaveLength(20);
    expect(explained?.omitted).toBeGreaterThan(0);
    expect(pool.explain('live')?.endedAt).toBeUndefined();
    live.subscription.unsubscribe();
    expect(pool.explain('live')?.endedAt).toBe(time.now());
    for (const id of ['second', 'third']) hear(pool.request({ kinds: [2] }, { id }));
    expect(pool.explanations.map(({ ids }) => ids)).toEqual([['third'], ['second']]);
    expect(pool.explain('live')).toBeUndefined();
    expect(() => new RelayPool({ explained: -1 })).toThrow(RangeError);
    pool.close();
  });

  it('counts the calls, and finds one by its number, also where its name was used again', async () => {
    const { pool, time } = world();
    for (const kind of [1, 2]) hear(pool.request({ kinds: [kind] }, { id: 'feed' }));
    hear(pool.request({ kinds: [3] }));
    await time.advance(SECOND);
    expect(pool.explanations.map(({ call, ids }) => [call, ...ids])).toEqual([
      [3, '3'],
      [2, 'feed'],
      [1, 'feed'],
    ]);
    expect([pool.explain('feed'), pool.explain('1')].map((found) => found?.filters)).toEqual([
      [{ kinds: [2] }],
      [{ kinds: [1] }],
    ]);
    pool.close();
  });

  it('is a text, too', async () => {
    const { pool, time } = world({ relays: 2, pool: { route: limit(everyRelay(), 1) } });
    hear(pool.request({ kinds: [1] }, { id: 'feed' }));
    await time.advance(SECOND);
    const explanation = pool.explain('feed');
    if (!explanation) throw new Error('it is remembered');
    expect(explanationText(explanation).split('\n')).toEqual([
      'REQ feed: [{"kinds":[1]}], normal, began 2026-01-01T00:00:00.000Z, took 40 ms',
      'wss://relay1.test/ (ready, reliability 1.00, not measured, 0 in flight, 0 queued)',
      '  +0 ms chosen',
      '  +20 ms sent',
      '  +40 ms answered: EOSE after 20 ms',
      'wss://relay2.test/ (ready, reliability 1.00, not measured, 0 in flight, 0 queued)',
      '  +0 ms skipped: the route preferred others',
    ]);
    pool.close();
  });
});

function heardAfter(explanation: ReturnType<RelayPool['explain']>): number {
  return Math.max(...(explanation?.relays ?? []).flatMap(({ steps }) => steps.map(({ after }) => after)));
}
