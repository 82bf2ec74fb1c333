import { nip77 } from 'nostr-tools';
import { beforeEach, describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import {
  signedEvent,
  TestRelay,
  testKey,
  testSigner,
  VirtualTime,
  type TestRelayOptions,
} from '../../src/testing/index.ts';
import { WireClient } from './support/wire-client.ts';

const [alice, bob] = [testKey(0), testKey(1)];
const now = Date.UTC(2026, 0, 1) / 1000;
const note = (content: string, created_at = now, tags: string[][] = []): NostrEvent =>
  signedEvent({ content, created_at, tags }, alice);
const contents = (events: readonly { id: string }[]): string[] => events.map((event) => (event as NostrEvent).content);

let time: VirtualTime;
let relay: TestRelay;
let client: WireClient;

/** A fresh relay and a client of it, for the tests of one NIP. */
function eachWith(options: TestRelayOptions = {}): void {
  beforeEach(async () => {
    time = new VirtualTime();
    relay = await TestRelay.start({ scheduler: time, ...options });
    client = await WireClient.connect(relay.url);
    return () => relay.stop();
  });
}

describe('NIP-01: publishing', () => {
  eachWith();

  it('answers OK, stores, and sends the event to those who asked', async () => {
    const reader = await WireClient.connect(relay.url);
    await reader.request('mine', { authors: [alice.publicKey] });
    await reader.request('others', { authors: [bob.publicKey] });
    const event = note('hello');
    client.send(['EVENT', event]);
    expect(await client.take('OK')).toEqual(['OK', event.id, true, '']);
    expect(await reader.take('EVENT')).toEqual(['EVENT', 'mine', event]);
    client.send(['EVENT', event]);
    expect(await client.take('OK')).toEqual(['OK', event.id, true, 'duplicate: already have this event']);
    await reader.settled();
    expect(reader.frames.filter((frame) => frame[0] === 'EVENT')).toHaveLength(1);
    expect((await reader.request('stored', {})).events).toEqual([event]);
  });

  it('refuses what is no event, has a wrong id or a wrong signature', async () => {
    const event = note('hello');
    const forged = { ...event, content: 'changed' };
    const unsigned = { ...event, sig: '0'.repeat(128) };
    const half = { id: event.id, content: 'x' };
    for (const bad of [forged, unsigned, half]) {
      client.send(['EVENT', bad]);
      expect(await client.take('OK', event.id)).toEqual(['OK', event.id, false, expect.stringMatching(/^invalid: /)]);
    }
    client.send(['EVENT', 'nothing']);
    expect(await client.take('NOTICE')).toEqual(['NOTICE', expect.stringMatching(/^invalid: /)]);
    expect(relay.store.size).toBe(0);
  });

  it('keeps the newest version of a replaceable event, on a tie the lowest id', async () => {
    const versions = ['a', 'b', 'c'].map((content) => signedEvent({ kind: 0, content }, alice));
    const lowest = [...versions].sort((a, b) => (a.id < b.id ? -1 : 1))[0];
    for (const version of versions) {
      client.send(['EVENT', version]);
      await client.take('OK', version.id);
    }
    expect((await client.request('a', { kinds: [0] })).events).toEqual([lowest]);
    const older = signedEvent({ kind: 0, created_at: now - 1 }, alice);
    client.send(['EVENT', older]);
    expect(await client.take('OK', older.id)).toEqual(['OK', older.id, false, 'replaced: have a newer version']);
  });

  it('passes ephemeral events on and does not store them', async () => {
    await client.request('live', { kinds: [20_001] });
    const event = signedEvent({ kind: 20_001 }, alice);
    client.send(['EVENT', event]);
    expect(await client.take('EVENT')).toEqual(['EVENT', 'live', event]);
    expect(relay.store.size).toBe(0);
  });

  it('checks nothing where verification is off', async () => {
    const lax = await TestRelay.start({ verify: false });
    const careless = await WireClient.connect(lax.url);
    careless.send(['EVENT', { ...note('x'), sig: '0'.repeat(128) }]);
    expect((await careless.take('OK'))[2]).toBe(true);
    await lax.stop();
  });
});

describe('NIP-01: asking', () => {
  eachWith();

  it('sends what is stored, newest first, then EOSE, then what comes', async () => {
    relay.seed(note('old', now - 10), note('new', now));
    const { events, eose } = await client.request('feed', { kinds: [1] });
    expect(contents(events)).toEqual(['new', 'old']);
    expect(eose).toEqual(['EOSE', 'feed', ['finish']]);
    relay.add(note('live'));
    expect(await client.take('EVENT')).toMatchObject(['EVENT', 'feed', { content: 'live' }]);
  });

  it('ends a subscription on CLOSE, and replaces one whose id is used again', async () => {
    await client.request('a', { kinds: [1] });
    await client.request('b', { kinds: [1] });
    await client.request('b', { kinds: [7] });
    client.send(['CLOSE', 'a']);
    await client.settled();
    relay.add(note('for nobody'), signedEvent({ kind: 7 }, alice));
    expect(await client.take('EVENT')).toMatchObject(['EVENT', 'b', { kind: 7 }]);
    await client.settled();
    expect(client.frames.filter((frame) => frame[0] === 'EVENT')).toHaveLength(1);
    expect(relay.subscriptionCount).toBe(1);
  });

  it('keeps the ids of connections apart', async () => {
    const other = await WireClient.connect(relay.url);
    await client.request('same', { kinds: [1] });
    await other.request('same', { kinds: [7] });
    relay.add(note('hello'));
    await client.take('EVENT', 'same');
    await other.settled();
    expect(other.frames.some((frame) => frame[0] === 'EVENT')).toBe(false);
  });

  it('sends live events with a limit of 0, and ones beyond any limit', async () => {
    relay.seed(note('stored'));
    expect((await client.request('live', { limit: 0 })).events).toEqual([]);
    relay.add(note('1'), note('2'));
    expect(await client.take('EVENT')).toMatchObject(['EVENT', 'live', { content: '1' }]);
    expect(await client.take('EVENT')).toMatchObject(['EVENT', 'live', { content: '2' }]);
  });

  it('takes several filters as alternatives, and sends an event once', async () => {
    relay.seed(note('both'), signedEvent({ kind: 7, created_at: now - 1 }, bob));
    const { events } = await client.request('a', { kinds: [1] }, { authors: [alice.publicKey] }, { kinds: [7] });
    expect(events.map((event) => (event as NostrEvent).kind)).toEqual([1, 7]);
  });

  it('matches nothing with an empty list', async () => {
    relay.seed(note('stored'));
    expect((await client.request('a', { ids: [] })).events).toEqual([]);
  });

  it.for([[{ kinds: ['1'] }], [{ authors: ['ABC'] }], [{ unknown: 1 }], ['nothing'], [{ limit: -1 }]])(
    'refuses the filter %j',
    async ([filter]) => {
      client.send(['REQ', 'a', filter]);
      expect(await client.take('CLOSED')).toEqual(['CLOSED', 'a', expect.stringMatching(/^invalid: /)]);
      expect(relay.subscriptionCount).toBe(0);
    },
  );

  it.for(['hello', '{}', '["REQ"]', '["REQ","",{}]', '["REQ","a"]', `["CLOSE","${'x'.repeat(65)}"]`, '["EVENT"]'])(
    'answers %s with a NOTICE and goes on',
    async (frame) => {
      client.send(frame);
      expect(await client.take('NOTICE')).toEqual(['NOTICE', expect.stringMatching(/^invalid: /)]);
      await client.request('still', { kinds: [1] });
    },
  );

  it('answers unknown verbs with a NOTICE', async () => {
    client.send(['DANCE', 1]);
    expect(await client.take('NOTICE')).toEqual(['NOTICE', 'unsupported: DANCE']);
  });
});

describe('NIP-09, NIP-40 and NIP-50', () => {
  eachWith();

  it('delete, and refuse what was deleted', async () => {
    const event = note('regretted');
    relay.seed(event);
    const deletion = signedEvent({ kind: 5, tags: [['e', event.id]] }, alice);
    client.send(['EVENT', deletion], ['EVENT', event]);
    expect((await client.take('OK', deletion.id))[2]).toBe(true);
    expect(await client.take('OK', event.id)).toEqual(['OK', event.id, false, expect.stringMatching(/^blocked: /)]);
    expect((await client.request('a', {})).events).toEqual([deletion]);
  });

  it('stop sending an event at its expiration, by the clock of the relay', async () => {
    const event = note('brief', now, [['expiration', `${now + 60}`]]);
    client.send(['EVENT', event]);
    expect((await client.take('OK'))[2]).toBe(true);
    expect((await client.request('a', {})).events).toEqual([event]);
    await time.advance(60_000);
    expect((await client.request('b', {})).events).toEqual([]);
    const again = note('too late', now, [['expiration', `${now + 60}`]]);
    client.send(['EVENT', again]);
    expect(await client.take('OK', again.id)).toEqual(['OK', again.id, false, expect.stringMatching(/^invalid: /)]);
  });

  it('search by relevance, also among live events', async () => {
    relay.seed(note('orange'), note('orange and apple', now - 5), note('pear'));
    const { events } = await client.request('fruit', { search: 'apple orange' });
    expect(contents(events)).toEqual(['orange and apple', 'orange']);
    relay.add(note('a pear'), note('an apple'));
    expect(await client.take('EVENT')).toMatchObject(['EVENT', 'fruit', { content: 'an apple' }]);
  });
});

describe('NIP-42', () => {
  const answer = (
    key: typeof alice,
    challenge: unknown,
    changes: { relay?: string; created_at?: number; kind?: number } = {},
  ) =>
    testSigner(key).signEvent({
      kind: changes.kind ?? 22_242,
      created_at: changes.created_at ?? now,
      tags: [
        ['relay', changes.relay ?? relay.url],
        ['challenge', String(challenge)],
      ],
    });

  describe('with a challenge at the start', () => {
    eachWith({ auth: { read: true, write: true } });

    it('refuses until AUTH, then serves', async () => {
      const [, challenge] = await client.take('AUTH');
      client.send(['REQ', 'a', {}], ['COUNT', 'b', {}], ['EVENT', note('early')], ['NEG-OPEN', 'c', {}, '61']);
      for (const start of [['CLOSED', 'a'], ['CLOSED', 'b'], ['OK'], ['NEG-ERR', 'c']]) {
        expect((await client.take(...start)).at(-1)).toMatch(/^auth-required: /);
      }
      const auth = await answer(alice, challenge);
      client.send(['AUTH', auth]);
      expect(await client.take('OK', auth.id)).toEqual(['OK', auth.id, true, '']);
      expect(relay.connections[0]?.pubkeys).toEqual([alice.publicKey]);
      await client.request('a', {});
      client.send(['EVENT', note('now')]);
      expect((await client.take('OK'))[2]).toBe(true);
      expect(client.frames.filter((frame) => frame[0] === 'AUTH')).toHaveLength(1);
    });

    it('takes several pubkeys, and forgets them all with the connection', async () => {
      const [, challenge] = await client.take('AUTH');
      for (const key of [alice, bob]) {
        client.send(['AUTH', await answer(key, challenge)]);
        expect((await client.take('OK'))[2]).toBe(true);
      }
      expect(relay.connections[0]?.pubkeys).toEqual([alice.publicKey, bob.publicKey]);
      relay.drop();
      const again = await WireClient.connect(relay.url);
      const [, other] = await again.take('AUTH');
      expect(other).not.toBe(challenge);
      again.send(['AUTH', await answer(alice, challenge)]);
      expect((await again.take('OK'))[2]).toBe(false);
    });

    it.for([
      ['another challenge', async (challenge: unknown) => answer(alice, `${String(challenge)}x`)],
      ['another relay', async (challenge: unknown) => answer(alice, challenge, { relay: 'wss://other.example' })],
      ['no URL for the relay', async (challenge: unknown) => answer(alice, challenge, { relay: 'x' })],
      ['an old date', async (challenge: unknown) => answer(alice, challenge, { created_at: now - 601 })],
      ['another kind', async (challenge: unknown) => answer(alice, challenge, { kind: 1 })],
      [
        'a wrong signature',
        async (challenge: unknown) => ({ ...(await answer(alice, challenge)), sig: '0'.repeat(128) }),
      ],
    ] as const)('refuses %s, which spoils nothing', async ([, bad]) => {
      const [, challenge] = await client.take('AUTH');
      const event = await bad(challenge);
      client.send(['AUTH', event]);
      expect(await client.take('OK')).toEqual(['OK', event.id, false, expect.stringMatching(/^invalid: /)]);
      client.send(['AUTH', await answer(alice, challenge)]);
      expect((await client.take('OK'))[2]).toBe(true);
    });

    it('takes its URL in any spelling', async () => {
      const [, challenge] = await client.take('AUTH');
      client.send(['AUTH', await answer(alice, challenge, { relay: relay.url.replace(/\/$/, '').toUpperCase() })]);
      expect((await client.take('OK'))[2]).toBe(true);
    });

    it('lets a new challenge replace the one before', async () => {
      const [, first] = await client.take('AUTH');
      relay.connections[0]?.challenge();
      const [, second] = await client.take('AUTH');
      client.send(['AUTH', await answer(alice, first)], ['AUTH', await answer(bob, second)]);
      expect((await client.take('OK'))[2]).toBe(false);
      expect((await client.take('OK'))[2]).toBe(true);
    });

    it('never stores or passes on what answers a challenge', async () => {
      const [, challenge] = await client.take('AUTH');
      const auth = await answer(alice, challenge);
      client.send(['AUTH', auth], ['EVENT', auth]);
      await client.take('OK');
      expect(await client.take('OK')).toEqual(['OK', auth.id, false, expect.stringMatching(/^invalid: /)]);
    });
  });

  describe('with a challenge on refusal, for the listed only', () => {
    eachWith({ auth: { write: true, challenge: 'refusal', pubkeys: [alice.publicKey] } });

    it('sends the challenge before the refusal, once', async () => {
      client.send(['REQ', 'open to all', {}], ['EVENT', note('1')], ['EVENT', note('2')]);
      await client.take('OK', note('2').id);
      expect(client.frames.map((frame) => frame[0])).toEqual(['EOSE', 'AUTH', 'OK', 'OK']);
    });

    it('answers restricted to another key', async () => {
      client.send(['EVENT', note('1')]);
      const [, challenge] = await client.take('AUTH');
      await client.take('OK');
      client.send(['AUTH', await answer(bob, challenge)], ['EVENT', note('1')]);
      expect((await client.take('OK'))[2]).toBe(true);
      expect((await client.take('OK'))[3]).toMatch(/^restricted: /);
      client.send(['AUTH', await answer(alice, challenge)], ['EVENT', note('1')]);
      expect((await client.take('OK'))[2]).toBe(true);
      expect((await client.take('OK'))[2]).toBe(true);
    });
  });

  describe('and NIP-70', () => {
    eachWith();
    const guarded = note('for this relay', now, [['-']]);

    it('take a protected event from its author alone', async () => {
      client.send(['EVENT', guarded]);
      const [, challenge] = await client.take('AUTH');
      expect((await client.take('OK'))[3]).toMatch(/^auth-required: /);
      client.send(['AUTH', await answer(bob, challenge)], ['EVENT', guarded]);
      await client.take('OK');
      expect((await client.take('OK', guarded.id))[3]).toMatch(/^restricted: /);
      client.send(['AUTH', await answer(alice, challenge)], ['EVENT', guarded]);
      await client.take('OK');
      expect(await client.take('OK', guarded.id)).toEqual(['OK', guarded.id, true, '']);
    });
  });
});

describe('NIP-45', () => {
  eachWith();

  it('counts, with registers for a filter with a tag', async () => {
    const target = 'ab'.repeat(32);
    relay.seed(note('1', now, [['e', target]]), note('2'), signedEvent({ kind: 7 }, bob));
    client.send(['COUNT', 'all', { kinds: [1] }, { kinds: [7] }], ['COUNT', 'tagged', { '#e': [target] }]);
    expect(await client.take('COUNT', 'all')).toEqual(['COUNT', 'all', { count: 3 }]);
    expect(await client.take('COUNT', 'tagged')).toEqual([
      'COUNT',
      'tagged',
      { count: 1, hll: expect.stringMatching(/^[0-9a-f]{512}$/) as unknown },
    ]);
  });

  it('refuses with CLOSED', async () => {
    client.send(['COUNT', 'a', { kinds: 1 }]);
    expect((await client.take('CLOSED', 'a'))[2]).toMatch(/^invalid: /);
  });

  it('may be left out, with a NOTICE or in silence', async () => {
    for (const unsupported of ['notice', 'silence'] as const) {
      const poor = await TestRelay.start({ count: false, unsupported });
      const asking = await WireClient.connect(poor.url);
      asking.send(['COUNT', 'a', {}]);
      await asking.settled();
      expect(asking.frames).toEqual(unsupported === 'notice' ? [['NOTICE', 'unsupported: COUNT']] : []);
      await poor.stop();
    }
  });
});

describe('NIP-67', () => {
  eachWith({ limits: { max_limit: 3 } });
  const hint = async (...filters: object[]): Promise<unknown> => (await client.request('a', ...filters)).eose[2];

  it('tells whether there is more than was sent', async () => {
    relay.seed(note('1', now - 3), note('2', now - 2), note('3', now - 1));
    expect(await hint({})).toEqual(['finish']);
    expect(await hint({ limit: 3 })).toEqual(['finish']);
    expect(await hint({ limit: 2 })).toEqual(['more']);
    expect(await hint({ limit: 2 }, { until: now - 3 })).toEqual(['finish']);
    relay.seed(note('4'));
    expect(await hint({})).toEqual(['more']);
    expect(await hint({ until: now - 1 })).toEqual(['finish']);
  });

  it('may be left out', async () => {
    const silent = await TestRelay.start({ hints: false });
    const asking = await WireClient.connect(silent.url);
    expect((await asking.request('a', {})).eose).toEqual(['EOSE', 'a']);
    await silent.stop();
  });
});

describe('NIP-77', () => {
  eachWith();

  it('reconciles, beside a subscription of the same id', async () => {
    const all = Array.from({ length: 100 }, (_, n) => note(`${n}`, now - n));
    relay.seed(all.slice(0, 60), signedEvent({ kind: 7 }, alice));
    const storage = new nip77.NegentropyStorageVector();
    for (const { created_at, id } of all.slice(30)) storage.insert(created_at, id);
    storage.seal();
    const negentropy = new nip77.Negentropy(storage);
    const have: string[] = [];
    const need: string[] = [];
    await client.request('a', { kinds: [1], limit: 0 });
    client.send(['NEG-OPEN', 'a', { kinds: [1] }, negentropy.initiate()]);
    for (;;) {
      const [, , answer] = await client.take('NEG-MSG', 'a');
      const next = negentropy.reconcile(
        String(answer),
        (id) => have.push(id),
        (id) => need.push(id),
      );
      if (next === null) break;
      client.send(['NEG-MSG', 'a', next]);
    }
    expect(need.sort()).toEqual(
      all
        .slice(0, 30)
        .map((event) => event.id)
        .sort(),
    );
    expect(have.sort()).toEqual(
      all
        .slice(60)
        .map((event) => event.id)
        .sort(),
    );
    client.send(['NEG-CLOSE', 'a'], ['NEG-MSG', 'a', '61']);
    expect((await client.take('NEG-ERR', 'a'))[2]).toMatch(/^closed: /);
    expect(relay.subscriptionCount).toBe(1);
  });

  it('ends with NEG-ERR on a broken message or filter', async () => {
    client.send(['NEG-OPEN', 'a', {}, '00'], ['NEG-OPEN', 'b', { kinds: 1 }, '61'], ['NEG-MSG', 'a', '61']);
    expect((await client.take('NEG-ERR', 'a'))[2]).toMatch(/^invalid: /);
    expect((await client.take('NEG-ERR', 'b'))[2]).toMatch(/^invalid: /);
    expect((await client.take('NEG-ERR', 'a'))[2]).toMatch(/^closed: /);
  });

  it('names the maximum for a query that is too big', async () => {
    relay.limits.max_sync_events = 1;
    relay.seed(note('1'), note('2'));
    client.send(['NEG-OPEN', 'a', {}, '61']);
    expect(await client.take('NEG-ERR')).toEqual(['NEG-ERR', 'a', 'blocked: this query is too big', 1]);
  });

  it('may be left out', async () => {
    const poor = await TestRelay.start({ negentropy: false });
    const asking = await WireClient.connect(poor.url);
    asking.send(['NEG-OPEN', 'a', {}, '61']);
    expect(await asking.take('NOTICE')).toEqual(['NOTICE', 'unsupported: NEG-OPEN']);
    await poor.stop();
  });
});
