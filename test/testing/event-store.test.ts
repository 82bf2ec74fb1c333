import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import { EventStore, fakeEvent, testKeys, type QueryOptions } from '../../src/testing/index.ts';
import { byNip01, NaiveStore } from './support/naive-store.ts';

const [alice = '', bob = ''] = testKeys(2).map((key) => key.publicKey);
const hex = (n: number): string => n.toString(16).padStart(2, '0').repeat(32);

const ids = fc.integer({ min: 0, max: 30 }).map(hex);
const authors = fc.constantFrom(alice, bob);
const times = fc.integer({ min: 0, max: 8 });
const kinds = fc.constantFrom(0, 1, 3, 5, 7, 10_002, 20_001, 30_023);
const addresses = fc
  .tuple(fc.constantFrom(0, 3, 10_002, 30_023), authors, fc.constantFrom('', 'x', 'y:z'))
  .map(([kind, author, d]) => `${kind}:${author}:${d}`);
const tags = fc.array(
  fc.oneof(
    fc.tuple(fc.constant('e'), ids),
    fc.tuple(fc.constant('a'), addresses),
    fc.tuple(fc.constant('d'), fc.constantFrom('', 'x', 'y:z')),
    fc.tuple(fc.constant('t'), fc.constantFrom('x', 'y')),
    fc.tuple(fc.constant('expiration'), times.map(String)),
    fc.constant(['e']),
  ),
  { maxLength: 3 },
);
const events: fc.Arbitrary<NostrEvent> = fc
  .record({ id: ids, pubkey: authors, created_at: times, kind: kinds, tags })
  .map((parts) => fakeEvent(parts));
const limits = fc.integer({ min: 0, max: 5 });
/** Any keys; or few, so that much matches and order and limits show. */
const filter: fc.Arbitrary<Filter> = fc.oneof(
  fc.record(
    {
      ids: fc.array(ids, { maxLength: 4 }),
      authors: fc.array(authors, { minLength: 1, maxLength: 2 }),
      kinds: fc.array(kinds, { minLength: 1, maxLength: 4 }),
      since: times,
      until: times,
      limit: limits,
      '#t': fc.array(fc.constantFrom('x', 'y'), { minLength: 1 }),
    },
    { requiredKeys: [] },
  ),
  fc.record({ limit: limits, since: times }, { requiredKeys: [] }),
  fc.record({ limit: limits, authors: fc.constant([alice]) }, { requiredKeys: [] }),
  fc.record({ limit: limits, ids: fc.array(ids, { minLength: 5, maxLength: 20 }) }, { requiredKeys: ['ids'] }),
);
const filters = fc.oneof(fc.tuple(filter), fc.array(filter, { maxLength: 3 }));
const options: fc.Arbitrary<QueryOptions> = fc.record(
  {
    now: times,
    maxLimit: fc.integer({ min: 1, max: 6 }),
    defaultLimit: fc.integer({ min: 1, max: 6 }),
    tieBreak: fc.constantFrom('lowest-id', 'highest-id', 'first-stored', 'last-stored'),
  },
  { requiredKeys: [] },
);
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), event: events, now: times }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), id: ids }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('query' as const), filters, options }) },
  ),
  { maxLength: 60 },
);

describe('EventStore', () => {
  it('agrees with a naive store, step by step', () => {
    fc.assert(
      fc.property(steps, filters, options, (before, lastFilters, lastOptions) => {
        const store = new EventStore();
        const naive = new NaiveStore();
        for (const step of [...before, { do: 'query' as const, filters: lastFilters, options: lastOptions }]) {
          if (step.do === 'add') {
            expect(store.add(step.event, step.now)).toBe(naive.add(step.event, step.now));
          } else if (step.do === 'remove') {
            expect(store.remove(step.id)).toBe(naive.remove(step.id));
          } else {
            const page = store.page(step.filters, step.options);
            const all = naive.matching(step.filters, step.options.now ?? -Infinity);
            expect(page.events).toEqual(naive.query(step.filters, step.options));
            expect(page.complete).toBe(all.every((event) => page.events.includes(event)));
            expect(store.count(step.filters, step.options).count).toBe(all.length);
          }
          expect(store.size).toBe(naive.events.length);
        }
        expect([...store]).toEqual([...naive.events].sort(byNip01));
        for (const event of naive.events) expect(store.get(event.id)).toBe(event);
      }),
      { numRuns: 400 },
    );
  });

  it('counts an id that is asked for twice once', () => {
    const store = new EventStore();
    const [older, newer] = [fakeEvent({ created_at: 1 }), fakeEvent({ created_at: 2 })];
    store.add(older);
    store.add(newer);
    expect(store.query([{ ids: [newer.id, newer.id, older.id], limit: 2 }])).toEqual([newer, older]);
  });

  it('keeps the order over a large load in random order', () => {
    const store = new EventStore();
    const all = Array.from({ length: 20_000 }, (_, n) => {
      const scattered = (n * 7_919) % 20_000;
      return fakeEvent({ id: scattered.toString(16).padStart(64, '0'), created_at: scattered >> 2 });
    });
    all.forEach((event, n) => {
      store.add(event);
      // Reading in between makes it insert into what is sorted already.
      if (n % 997 === 0) store.query([{ limit: 1 }]);
    });
    expect([...store]).toEqual([...all].sort(byNip01));
    expect(store.query([{ until: 100, limit: 3 }]).map((event) => event.created_at)).toEqual([100, 100, 100]);
  });
});

describe('deletions (NIP-09)', () => {
  const note = fakeEvent({ pubkey: alice, content: 'note' });
  const request = (pubkey: string, ...requested: string[][]): NostrEvent =>
    fakeEvent({ kind: 5, pubkey, tags: requested, created_at: note.created_at + 10 });

  it('remove the event, keep the request, and do not let the event come back', () => {
    const store = new EventStore();
    store.add(note);
    const deletion = request(alice, ['e', note.id]);
    expect(store.add(deletion)).toBe('stored');
    expect([...store]).toEqual([deletion]);
    expect(store.add(note)).toBe('deleted');
  });

  it('work ahead of the event', () => {
    const store = new EventStore();
    store.add(request(alice, ['e', note.id]));
    expect(store.add(note)).toBe('deleted');
  });

  it('of others do nothing', () => {
    const store = new EventStore();
    store.add(note);
    store.add(request(bob, ['e', note.id]));
    expect(store.has(note.id)).toBe(true);
  });

  it('of a deletion do nothing', () => {
    const store = new EventStore();
    const first = request(alice, ['e', note.id]);
    store.add(first);
    store.add(fakeEvent({ kind: 5, pubkey: alice, tags: [['e', first.id]], content: 'undo' }));
    expect(store.has(first.id)).toBe(true);
    expect(store.add(note)).toBe('deleted');
  });

  it('by address take the versions up to their own time, not those after', () => {
    const store = new EventStore();
    const version = (created_at: number): NostrEvent =>
      fakeEvent({ kind: 30_023, pubkey: alice, created_at, tags: [['d', 'page']] });
    store.add(version(note.created_at));
    store.add(request(alice, ['a', `30023:${alice}:page`]));
    expect(store.count([{ kinds: [30_023] }]).count).toBe(0);
    expect(store.add(version(note.created_at + 10))).toBe('deleted');
    expect(store.add(version(note.created_at + 11))).toBe('stored');
  });

  it('by address keep their latest time when an older request follows', () => {
    const store = new EventStore();
    const ask = (created_at: number): NostrEvent =>
      fakeEvent({ kind: 5, pubkey: alice, created_at, tags: [['a', `3:${alice}:`]] });
    store.add(ask(100));
    store.add(ask(50));
    expect(store.add(fakeEvent({ kind: 3, pubkey: alice, created_at: 100 }))).toBe('deleted');
  });

  it('by address of a plain replaceable event need its last colon', () => {
    const store = new EventStore();
    store.add(fakeEvent({ kind: 0, pubkey: alice }));
    store.add(request(alice, ['a', `0:${alice}`]));
    expect(store.count([{ kinds: [0] }]).count).toBe(1);
    store.add(request(alice, ['a', `0:${alice}:`]));
    expect(store.count([{ kinds: [0] }]).count).toBe(0);
  });
});

describe('search (NIP-50)', () => {
  const texts = ['orange juice', 'an ORANGE', 'orange orange orange', 'apple', 'juice of apple'];
  const store = new EventStore();
  texts.forEach((content, n) => store.add(fakeEvent({ content, created_at: n })));
  const search = (filter: Filter): string[] => store.query([filter]).map((event) => event.content);

  it('finds any of the words, in any case, the most relevant first', () => {
    expect(search({ search: 'Orange JUICE' })).toEqual([
      'orange juice',
      'orange orange orange',
      'juice of apple',
      'an ORANGE',
    ]);
  });

  it('applies the limit after the relevance, and the other keys too', () => {
    expect(search({ search: 'orange juice', limit: 1 })).toEqual(['orange juice']);
    expect(search({ search: 'orange', until: 1, limit: 5 })).toEqual(['an ORANGE', 'orange juice']);
    expect(search({ search: 'orange', limit: 0 })).toEqual([]);
  });

  it('tells when the limit left something out', () => {
    expect(store.page([{ search: 'orange', limit: 2 }]).complete).toBe(false);
    expect(store.page([{ search: 'orange', limit: 3 }]).complete).toBe(true);
  });

  it('ignores extensions, and restricts nothing without a word', () => {
    expect(search({ search: 'apple language:en' })).toEqual(['juice of apple', 'apple']);
    expect(search({ search: 'language:en', limit: 1 })).toEqual(['juice of apple']);
  });
});

describe('counts (NIP-45)', () => {
  const target = 'ab'.repeat(16) + '5' + '0'.repeat(31);
  const keys = testKeys(40).map((key) => key.publicKey);
  const store = new EventStore();
  for (const pubkey of keys) store.add(fakeEvent({ kind: 7, pubkey, tags: [['e', target]] }));
  store.add(fakeEvent({ kind: 7, pubkey: keys[0] ?? '', tags: [['e', target]], content: 'again' }));

  /** The registers by the words of NIP-45. */
  const registers = (offset: number): string => {
    const values = new Array<number>(256).fill(0);
    for (const key of keys) {
      const bytes = Buffer.from(key, 'hex');
      const bits = [...bytes.subarray(offset + 1)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
      const register = bytes[offset] ?? 0;
      values[register] = Math.max(values[register] ?? 0, bits.indexOf('1') + 1);
    }
    return Buffer.from(values).toString('hex');
  };

  it('come with the registers for one filter with a tag, the offset read from its value', () => {
    expect(store.count([{ '#e': [target], kinds: [7] }])).toEqual({ count: 41, hll: registers(8 + 5) });
  });

  it('take the offset from the author of an address, and from the hash of any other text', () => {
    const address = `30023:${target}:page`;
    const byAddress = new EventStore();
    const byText = new EventStore();
    for (const pubkey of keys) {
      byAddress.add(fakeEvent({ pubkey, tags: [['a', address]] }));
      byText.add(fakeEvent({ pubkey, tags: [['t', 'nostr']] }));
    }
    expect(byAddress.count([{ '#a': [address] }]).hll).toBe(registers(8 + 5));
    // The SHA-256 of "nostr" has a 4 at position 32.
    expect(byText.count([{ '#t': ['nostr'] }]).hll).toBe(registers(8 + 0x4));
  });

  it('come without registers where NIP-45 defines none', () => {
    expect(store.count([{ kinds: [7] }])).toEqual({ count: 41 });
    expect(store.count([{ '#e': [target] }, { '#p': [target] }])).toEqual({ count: 41 });
  });
});

describe('items (NIP-77)', () => {
  it('are the times and ids of what matches', () => {
    const store = new EventStore();
    const events = [1, 2, 3].map((created_at) => fakeEvent({ created_at }));
    for (const event of events) store.add(event);
    expect(store.items({ since: 2 })).toEqual([
      { id: events[2]?.id, created_at: 3 },
      { id: events[1]?.id, created_at: 2 },
    ]);
  });
});

describe('the changes of an EventStore', () => {
  it('are told as they come: what is stored, replaced, deleted, removed and cleared', () => {
    const store = new EventStore();
    const said: string[] = [];
    store.changes$.subscribe(({ type, event: { content } }) => said.push(`${type} ${content}`));
    const old = fakeEvent({ kind: 0, content: 'old', created_at: 1 });
    const [a, b] = [fakeEvent({ content: 'a' }), fakeEvent({ content: 'b' })];
    store.add(old);
    store.add(old);
    store.add(fakeEvent({ kind: 0, content: 'new', created_at: 2 }));
    store.add(a);
    store.add(fakeEvent({ kind: 20_000, content: 'ephemeral' }));
    store.add(fakeEvent({ kind: 5, content: 'deletion', tags: [['e', a.id]] }));
    store.add(b);
    store.remove(b.id);
    expect(said.splice(0)).toEqual([
      'stored old',
      'removed old',
      'stored new',
      'stored a',
      'stored deletion',
      'removed a',
      'stored b',
      'removed b',
    ]);
    store.clear();
    expect(said).toEqual(['removed new', 'removed deletion']);
  });
});
