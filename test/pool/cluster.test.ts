import { describe, expect, it } from 'vitest';
import { PoolError } from '../../src/pool/pool-error.ts';
import { cluster, only } from '../../src/pool/routes.ts';
import { RelayUrlError } from '../../src/protocol/relay-url.ts';
import type { VirtualRelay } from '../../src/testing/index.ts';
import { statusesOf } from '../support/status-of.ts';
import { contents, hear, words, world } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const [first, second, third] = ['wss://relay1.test/', 'wss://relay2.test/', 'wss://relay3.test/'];

const verbs = (relay: VirtualRelay): string[] => relay.received.map(({ message }) => message.type);

function aScene(relays = 3) {
  const scene = world({ relays, pool: { clusters: { home: { relays: [first, second] } } } });
  return { ...scene, home: scene.pool.cluster('home') };
}

describe('the members of a cluster', () => {
  it('are told, now and after every change, in the one form of their URLs', () => {
    const { pool, home } = aScene();
    const heard = hear(home.relays$);
    expect(home.add('WSS://relay3.test:443')).toBe(true);
    expect(home.add(third)).toBe(false);
    expect(home.remove('wss://relay1.test')).toBe(true);
    expect(home.remove(first)).toBe(false);
    expect(heard.values).toEqual([
      [first, second],
      [first, second, third],
      [second, third],
    ]);
    expect(home.relays).toEqual([second, third]);
    expect(() => home.add('https://relay.test')).toThrow(RelayUrlError);
    expect(() => pool.cluster('wrong', { relays: ['nonsense'] })).toThrow(RelayUrlError);
    expect(pool.cluster('twice', { relays: [first, 'wss://relay1.test'] }).relays).toEqual([first]);
    pool.close();
  });

  it('get the requests of the cluster, and others do not', async () => {
    const { pool, home, relays, time, note } = aScene();
    relays.forEach((relay, index) => relay.seed(note(`${index}`)));
    const request = hear(home.request({ kinds: [1] }));
    const subscription = hear(home.subscribe({ kinds: [1] }));
    const packets = hear(home.packets({ kinds: [1] }));
    const routed = hear(pool.request({ kinds: [1] }, { route: cluster('home') }));
    await time.advance(SECOND);
    for (const { values } of [request, subscription, routed]) expect(contents(values).sort()).toEqual(['0', '1']);
    expect(request.completed).toBe(true);
    expect(words(packets.values).at(-1)).toBe('eose 0');
    expect(relays[2]?.received).toEqual([]);
    pool.close();
  });

  it('get one REQ for calls that ask the same', async () => {
    const { pool, home, relay, time } = aScene();
    for (let i = 0; i < 3; i++) hear(home.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    expect(verbs(relay)).toEqual(['REQ']);
    pool.close();
  });

  it('are the ones that they are at the time: changes move live requests', async () => {
    const { pool, home, relays, time, note } = aScene();
    const heard = hear(home.packets({ kinds: [1] }));
    await time.advance(SECOND);
    home.add(third);
    home.remove(first);
    await time.advance(SECOND);
    expect(relays.map(verbs)).toEqual([['REQ', 'CLOSE'], ['REQ'], ['REQ']]);
    relays[0]?.add(note('from who left'));
    relays[2]?.add(note('from who came'));
    await time.advance(SECOND);
    expect(words(heard.values)).toEqual(['eose 1', 'eose 0', 'eose 0', 'event from who came']);
    pool.close();
  });

  it('may change while a request is under way, which waits for those that came and not for those that left', async () => {
    const { pool, home, relays, time, note } = aScene();
    for (const relay of relays) relay.faults.delay = SECOND;
    relays[2]?.seed(note('late'));
    const request = hear(home.request({ kinds: [1] }));
    await time.advance(500);
    home.add(third);
    home.remove(first);
    await time.advance(800);
    expect(request.completed).toBe(false);
    await time.advance(SECOND);
    expect([request.completed, contents(request.values)]).toEqual([true, ['late']]);
    pool.close();
  });

  it('may change when it is told that one has left', async () => {
    const { pool, home, relays, time, note } = aScene();
    for (const relay of relays) relay.faults.noEose = true;
    const said: string[] = [];
    home.packets({ kinds: [1] }).subscribe((packet) => {
      said.push(...words([packet]));
      if (packet.type === 'lost' && packet.relay === first) home.add(third);
    });
    await time.advance(SECOND);
    home.remove(first);
    await time.advance(SECOND);
    relays[2]?.add(note('from who came'));
    await time.advance(SECOND);
    expect(said).toEqual(['lost removed 1', 'event from who came']);
    pool.close();
  });

  it('are for a publish those that they are when it begins', async () => {
    const { pool, home, relays, time, note } = aScene();
    for (const relay of relays) relay.faults.delay = SECOND;
    const publish = hear(home.publish(note('a')));
    await time.advance(500);
    home.add(third);
    home.remove(first);
    await time.advance(MINUTE);
    expect(publish.values.at(-1)).toMatchObject({ accepted: 2, quorum: 'met' });
    expect(relays.map(verbs)).toEqual([['EVENT'], ['EVENT'], []]);
    pool.close();
  });

  it('need not be of the pool, and then come and go as guests', async () => {
    const { pool, home, network, time, note } = aScene();
    const guest = network.relay('wss://guest.test');
    home.add(guest.url);
    const live = hear(home.subscribe({ kinds: [1] }));
    const everywhere = hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    guest.add(note('from the guest'));
    await time.advance(SECOND);
    expect([contents(live.values), contents(everywhere.values)]).toEqual([['from the guest'], []]);
    expect(statusesOf(pool)).toHaveLength(4);
    home.remove(guest.url);
    await time.advance(61 * SECOND);
    expect(statusesOf(pool)).toHaveLength(3);
    expect(guest.connectionCount).toBe(0);
    pool.close();
  });
});

describe('publishing to a cluster', () => {
  it('needs the majority of its members, or what it was made with, or what the call says', async () => {
    const { pool, home, relays, time, note } = aScene();
    const archive = pool.cluster('archive', { relays: [first, second, third], quorum: 'all' });
    expect([home.quorum, archive.quorum]).toEqual(['majority', 'all']);
    if (relays[1]) relays[1].faults.rejectedWith = 'blocked: no';
    const failing = [hear(home.publish(note('a'))), hear(archive.publish(note('b')))];
    const well = [
      hear(home.publish(note('c'), { quorum: 1 })),
      hear(archive.publish(note('d'), { quorum: 'majority' })),
    ];
    await time.advance(SECOND);
    expect(failing.map(({ error }) => error)).toMatchObject([{ needed: 2 }, { needed: 3 }]);
    expect(well.map(({ values, completed }) => [values.at(-1)?.quorum, completed])).toEqual([
      ['met', true],
      ['met', true],
    ]);
    pool.close();
  });

  it('stays in the cluster, with its quorum, where options are there but undefined; a route of the call counts more', async () => {
    const { pool, home, relays, time, note } = aScene();
    const publish = hear(home.publish(note('a'), { route: undefined, quorum: undefined }));
    const request = hear(home.request({ kinds: [7] }, { route: undefined }));
    await time.advance(SECOND);
    expect(publish.values.at(-1)).toMatchObject({ accepted: 2, quorum: 'met' });
    expect(request.completed).toBe(true);
    expect(relays[2]?.received).toEqual([]);
    hear(home.publish(note('b'), { route: only([third]) }));
    await time.advance(SECOND);
    expect(relays[2]?.store.size).toBe(1);
    pool.close();
  });

  it('is impossible while it has no members', async () => {
    const { pool, time, note } = aScene();
    const empty = pool.cluster('empty', {});
    const [publish, request] = [hear(empty.publish(note('a'))), hear(empty.request({ kinds: [1] }))];
    const live = hear(empty.packets({ kinds: [1] }));
    await time.advance(SECOND);
    expect([publish.error, request.error]).toMatchObject([{ code: 'no-relays' }, { code: 'no-relays' }]);
    expect([live.values, live.error, live.completed]).toEqual([[], undefined, false]);
    pool.close();
  });
});

describe('pool.cluster', () => {
  it('gives the one of the name, always the same, and makes new ones', () => {
    const { pool, home } = aScene();
    expect(pool.cluster('home')).toBe(home);
    const made = pool.cluster('other', { relays: [third] });
    expect(pool.cluster('other')).toBe(made);
    expect(made.name).toBe('other');
    pool.close();
  });

  it('throws for one that there is not, and for one that is made twice or with a wrong quorum', async () => {
    const { pool, home, time } = aScene();
    expect(() => pool.cluster('nowhere')).toThrow(PoolError);
    expect(() => pool.cluster('home', {})).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    expect(home.relays).toEqual([first, second]);
    expect(() => pool.cluster('wrong', { quorum: 0 })).toThrow(RangeError);
    expect(() => pool.cluster('wrong')).toThrow(expect.objectContaining({ code: 'unknown-cluster' }));
    const request = hear(pool.request({ kinds: [1] }, { route: cluster('nowhere') }));
    await time.advance(SECOND);
    expect(request.error).toMatchObject({ code: 'unknown-cluster' });
    pool.close();
  });

  it('is of no use when the pool is closed, and what was under way ends', async () => {
    const { pool, home, relay, time, note } = aScene();
    relay.faults.noEose = true;
    relay.faults.noOk = true;
    const live = hear(home.packets({ kinds: [1] }));
    const request = hear(home.request({ kinds: [1] }));
    const publish = hear(home.publish(note('a'), { quorum: 1 }));
    await time.advance(SECOND);
    pool.close();
    expect([live.completed, request.completed, publish.completed]).toEqual([true, true, true]);
    home.add(third);
    expect(hear(home.subscribe({ kinds: [1] })).error).toMatchObject({ code: 'pool-closed' });
    expect(hear(home.publish(note('b'))).error).toMatchObject({ code: 'pool-closed' });
    await time.settle();
    expect(time.actions).toHaveLength(0);
  });
});
