import { asyncScheduler, BehaviorSubject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import {
  checkHistory,
  fakeEvent,
  RecordedHistory,
  TestRelay,
  VirtualNetwork,
  VirtualTime,
} from '../../src/testing/index.ts';

import { zerosVerifier } from '../support/clocked-verifiers.ts';

function setUp() {
  const time = new VirtualTime();
  const network = new VirtualNetwork({ time, latency: 10 });
  const history = new RecordedHistory(time);
  const relay = network.relay('wss://relay.test');
  const WebSocket = history.recording(network.WebSocket);
  const pool = new RelayPool({ scheduler: time, random: () => 0.5, WebSocket, verifier: zerosVerifier });
  const start = time.now();
  const note = (content: string) => fakeEvent({ content, created_at: Math.floor(time.now() / 1_000) });
  const types = () => history.entries.map(({ at, type }) => `${at - start} ${type}`);
  return { time, network, history, relay, pool, note, types };
}

describe('RecordedHistory', () => {
  it('writes down what relays, sockets and subscribers do, in order', async () => {
    const { time, history, relay, pool, note, types } = setUp();
    relay.seed(note('before'));
    history.watch(relay);
    history.joined(pool.add(relay.url));
    const filter = { kinds: [1] };
    const subscription = pool.packets(filter).pipe(history.packets('notes', filter)).subscribe();
    await time.advance(100);
    relay.add(note('live'));
    relay.store.clear();
    await time.advance(100);
    history.rest();
    subscription.unsubscribe();
    pool.close();
    await time.advance(100);
    history.over(time.actions.length);
    expect(types()).toEqual([
      '0 stored',
      '0 joined',
      '0 asked',
      '0 dialled',
      '20 opened',
      '20 sent',
      '40 received',
      '40 packet',
      '40 received',
      '40 packet',
      '100 stored',
      '100 removed',
      '100 removed',
      '110 received',
      '110 packet',
      '200 rest',
      '200 ended',
      '200 sent',
      '200 closing',
      '220 closed',
      '300 over',
    ]);
    expect(checkHistory(history, { verify: () => true })).toEqual([]);
  });

  it('writes down requests, publishes, changes and gauges', async () => {
    const { time, history, relay, pool, note } = setUp();
    history.joined(pool.add(relay.url));
    const filter$ = new BehaviorSubject([{ kinds: [1] }]);
    pool.packets(filter$).pipe(history.packets('notes', filter$.value)).subscribe();
    history.asks('notes', { kinds: [7] });
    filter$.next([{ kinds: [7] }]);
    pool
      .request({ kinds: [1] })
      .pipe(history.events('stored', { kinds: [1] }, { within: 5_000 }))
      .subscribe();
    const event = note('x');
    pool.publish(event).pipe(history.reports('publish', event)).subscribe();
    history.gauge('things', 1, 2);
    await time.advance(1_000);
    history.left(relay.url);
    pool.remove(relay.url);
    pool.close();
    const of = (type: string) => history.entries.filter((entry) => entry.type === type);
    expect(of('asked')).toMatchObject([
      { name: 'notes', filters: [{ kinds: [1] }], within: Infinity },
      { name: 'notes', filters: [{ kinds: [7] }], within: Infinity },
      { name: 'stored', filters: [{ kinds: [1] }], within: 5_000 },
    ]);
    expect(of('report')).toHaveLength(2);
    expect(of('ended').map((entry) => ('name' in entry ? entry.name : ''))).toEqual(['stored', 'publish', 'notes']);
    expect(of('ended').every((entry) => entry.type === 'ended' && entry.how === 'completed')).toBe(true);
    expect(of('gauge')).toHaveLength(1);
    expect(of('left')).toHaveLength(1);
  });

  it('stops watching a relay when told', () => {
    const { history, relay, note } = setUp();
    const watch = history.watch(relay);
    watch.unsubscribe();
    relay.add(note('x'));
    expect(history.entries).toEqual([]);
  });

  it('stands before a real WebSocket too', async () => {
    const relay = await TestRelay.start({ verify: false });
    const history = new RecordedHistory(asyncScheduler);
    history.watch(relay);
    const { WebSocket } = await import('ws');
    const pool = new RelayPool({ WebSocket: history.recording(WebSocket), verifier: zerosVerifier });
    history.joined(pool.add(relay.url));
    const told: string[] = [];
    const filter = { kinds: [1] };
    pool
      .packets(filter)
      .pipe(history.packets('notes', filter))
      .subscribe(({ type }) => told.push(type));
    await expect.poll(() => told).toContain('eose');
    relay.drop();
    await expect.poll(() => told).toContain('lost');
    relay.add(fakeEvent({ created_at: Math.floor(Date.now() / 1_000) }));
    await expect.poll(() => told, { timeout: 10_000 }).toContain('event');
    await expect.poll(() => told.filter((type) => type === 'eose')).toHaveLength(2);
    history.rest();
    pool.close();
    await relay.stop();
    await expect.poll(() => history.entries.filter(({ type }) => type === 'closed')).toHaveLength(2);
    history.over();
    expect(checkHistory(history, { verify: () => true, socketsPerRelay: 3 })).toEqual([]);
  });
});
