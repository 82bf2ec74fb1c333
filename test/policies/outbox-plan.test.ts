import { describe, expect, it } from 'vitest';
import { type OutboxKnowledge, planPublish, planRequest } from '../../src/policies/outbox-plan.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import type { RelayList } from '../../src/protocol/relay-list.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { signedEvent, testKey } from '../../src/testing/index.ts';

const url = (name: string): string => `wss://${name}.example/`;
const urls = (names: string): readonly string[] => [...names].map(url);
/** Each relay is a letter: who writes to `write`, and reads `read`. */
const listOf = (pubkey: string, write: string, read = ''): RelayList => ({
  pubkey,
  createdAt: 1,
  write: urls(write).map((each) => relayUrl(each)),
  read: urls(read).map((each) => relayUrl(each)),
});
type Users = Readonly<Record<string, readonly [write: string, read?: string]>>;
const knowing = (users: Users, more: Partial<OutboxKnowledge> = {}): OutboxKnowledge => ({
  lists: new Map(Object.entries(users).map(([user, lists]) => [user, listOf(user, ...lists)])),
  inboxes: new Map(),
  isUsable: () => true,
  worth: () => 0,
  ...more,
});
const numbers = { times: 2, maxRelays: 20, maxAuthors: 500 };
const plan = (
  filters: Filter | readonly Filter[],
  knowledge: OutboxKnowledge,
  changed: Partial<typeof numbers> = {},
) => {
  const { relays, rest } = planRequest([filters].flat(), knowledge, { ...numbers, ...changed });
  const byLetter = [...relays].map(([relay, part]) => [relay.charAt(6), part] as const);
  return { relays: Object.fromEntries(byLetter), rest };
};

describe('planRequest', () => {
  it('asks each author at the relays they write to, and names nobody else there', () => {
    const users = knowing({ ann: ['ab'], bob: ['bc'], eve: ['d'] });
    expect(plan({ kinds: [1], authors: ['ann', 'bob', 'eve'], since: 5 }, users)).toEqual({
      relays: {
        a: [{ kinds: [1], authors: ['ann'], since: 5 }],
        b: [{ kinds: [1], authors: ['ann', 'bob'], since: 5 }],
        c: [{ kinds: [1], authors: ['bob'], since: 5 }],
        d: [{ kinds: [1], authors: ['eve'], since: 5 }],
      },
      rest: [],
    });
  });

  it('asks each author as often as told, at few relays', () => {
    const users = knowing({ ann: ['abx'], bob: ['cdx'], eve: ['efx'] });
    const once = plan({ authors: ['ann', 'bob', 'eve'] }, users, { times: 1 });
    expect(once).toEqual({ relays: { x: [{ authors: ['ann', 'bob', 'eve'] }] }, rest: [] });
    const twice = plan({ authors: ['ann', 'bob', 'eve'] }, users);
    expect(Object.values(twice.relays).flatMap((part) => part.flatMap(({ authors = [] }) => authors))).toHaveLength(6);
    expect(Object.keys(twice.relays)).toHaveLength(4);
  });

  it('leaves authors without a list, without a usable relay, and filters without users, to the rest', () => {
    const users = knowing({ ann: ['a'], bob: ['z'], eve: ['', 'r'] }, { isUsable: (relay) => relay !== url('z') });
    expect(plan([{ authors: ['ann', 'bob', 'eve', 'who'] }, { kinds: [7] }, { ids: ['1'] }], users)).toEqual({
      relays: { a: [{ authors: ['ann'] }] },
      rest: [{ authors: ['bob', 'eve', 'who'] }, { kinds: [7] }, { ids: ['1'] }],
    });
  });

  it('asks for mentions where the mentioned read, and goes by authors where there are any', () => {
    const users = knowing({ ann: ['a', 'r'], bob: ['b', 's'] });
    expect(plan({ kinds: [1], '#p': ['ann', 'who'] }, users)).toEqual({
      relays: { r: [{ kinds: [1], '#p': ['ann'] }] },
      rest: [{ kinds: [1], '#p': ['who'] }],
    });
    expect(plan({ authors: ['bob'], '#p': ['ann'] }, users).relays).toEqual({
      b: [{ authors: ['bob'], '#p': ['ann'] }],
    });
  });

  it('looks for gift wraps where their receivers want direct messages, and only for those', () => {
    const users = knowing(
      { ann: ['a', 'r'] },
      { inboxes: new Map([['ann', ['WSS://I.example:443', 'ws://10.0.0.1']]]) },
    );
    expect(plan({ kinds: [1_059], '#p': ['ann', 'bob'] }, users)).toEqual({
      relays: { i: [{ kinds: [1_059], '#p': ['ann'] }] },
      rest: [{ kinds: [1_059], '#p': ['bob'] }],
    });
    expect(plan({ kinds: [1, 1_059, 7], '#p': ['ann'], limit: 5 }, users)).toEqual({
      relays: {
        r: [{ kinds: [1, 7], '#p': ['ann'], limit: 5 }],
        i: [{ kinds: [1_059], '#p': ['ann'], limit: 5 }],
      },
      rest: [],
    });
    // Who asks for them by author knows the author.
    expect(plan({ kinds: [1_059], authors: ['ann'] }, users).relays).toEqual({
      a: [{ kinds: [1_059], authors: ['ann'] }],
    });
  });

  it('names so many authors in one filter', () => {
    const users = knowing({ a: ['r'], b: ['r'], c: ['r'], d: ['r'], e: ['r'] });
    expect(plan({ kinds: [1], authors: [...'abcdexyz'] }, users, { maxAuthors: 2 })).toEqual({
      relays: { r: ['ab', 'cd', 'e'].map((some) => ({ kinds: [1], authors: [...some] })) },
      rest: ['xy', 'z'].map((some) => ({ kinds: [1], authors: [...some] })),
    });
  });

  it('keeps to so many relays over all filters, those that most write to', () => {
    const users = knowing({ ann: ['ax'], bob: ['bx'], eve: ['cy'] });
    const filters = [
      { kinds: [1], authors: ['ann', 'bob'] },
      { kinds: [6], authors: ['eve'] },
    ];
    expect(plan(filters, users, { maxRelays: 1 })).toEqual({
      relays: { x: [{ kinds: [1], authors: ['ann', 'bob'] }] },
      rest: [{ kinds: [6], authors: ['eve'] }],
    });
    expect(Object.keys(plan(filters, users, { maxRelays: 2, times: 1 }).relays)).toEqual(['x', 'c']);
  });

  it('asks a second filter at the relays of the first where it can', () => {
    const users = knowing({ ann: ['ax'], bob: ['bx'], eve: ['cx'] });
    const filters = [
      { kinds: [1], authors: ['ann', 'bob'] },
      { kinds: [6], authors: ['eve'] },
    ];
    expect(plan(filters, users, { times: 1 })).toEqual({
      relays: {
        x: [
          { kinds: [1], authors: ['ann', 'bob'] },
          { kinds: [6], authors: ['eve'] },
        ],
      },
      rest: [],
    });
  });

  it('prefers what a relay is worth by itself, but not to one author more', () => {
    const worth = (relay: string): number => (relay === url('w') ? 0.75 : 0);
    expect(Object.keys(plan({ authors: ['ann'] }, knowing({ ann: ['aw'] }, { worth }), { times: 1 }).relays)).toEqual([
      'w',
    ]);
    const two = knowing({ ann: ['aw'], bob: ['a'] }, { worth });
    expect(Object.keys(plan({ authors: ['ann', 'bob'] }, two, { times: 1 }).relays)).toEqual(['a']);
  });

  it('says nothing of what nobody asks for', () => {
    expect(plan([], knowing({}))).toEqual({ relays: {}, rest: [] });
  });
});

const [ann, bob, eve] = [0, 1, 2].map((index) => testKey(index).publicKey) as [string, string, string];
const by = (kind: number, tags: readonly (readonly string[])[] = []): NostrEvent =>
  signedEvent({ kind, tags }, testKey(0));
const goes = (event: NostrEvent, knowledge: OutboxKnowledge, maxRelays = 20) => {
  const { relays, needed } = planPublish(event, knowledge, { maxRelays });
  const letters = (some: readonly string[]): string => some.map((relay) => relay.charAt(6)).join('');
  return { relays: letters(relays), needed: needed && letters(needed) };
};

describe('planPublish', () => {
  it('goes to where the author writes, then to where the tagged users read, each once', () => {
    const users = knowing({ [ann]: ['ab', 'z'], [bob]: ['y', 'cb'], [eve]: ['x', 'd'] });
    const tags = [['p', bob], ['p', eve], ['p', bob], ['p'], ['e', 'x']];
    expect(goes(by(1, tags), users)).toEqual({ relays: 'abcd', needed: 'ab' });
  });

  it('needs nobody of those who are not known, and says so', () => {
    const users = knowing({ [bob]: ['y', 'c'] });
    expect(goes(by(1), users)).toEqual({ relays: '', needed: '' });
    expect(goes(by(1, [['p', bob]]), users)).toEqual({ relays: 'c', needed: '' });
  });

  it('leaves out what is not usable', () => {
    const isUsable = (relay: string): boolean => relay !== url('a') && relay !== url('c');
    const users = knowing({ [ann]: ['ab'], [bob]: ['', 'cd'] }, { isUsable });
    expect(goes(by(1, [['p', bob]]), users)).toEqual({ relays: 'bd', needed: 'b' });
  });

  it('of too many relays takes those of the author, and some of each tagged user', () => {
    const users = knowing({ [ann]: ['ab'], [bob]: ['', 'cde'], [eve]: ['', 'fgh'] });
    const tags = [
      ['p', bob],
      ['p', eve],
    ];
    expect(goes(by(1, tags), users, 4)).toEqual({ relays: 'abcf', needed: 'ab' });
    expect(goes(by(1, tags), users, 1)).toEqual({ relays: 'a', needed: 'a' });
  });

  it('sends a relay list also to the relays that it names, and no other kind', () => {
    const tags = [
      ['r', url('n'), 'write'],
      ['r', url('m'), 'read'],
      ['r', 'ws://localhost'],
    ];
    const users = knowing({ [ann]: ['a'] });
    expect(goes(by(10_002, tags), users)).toEqual({ relays: 'anm', needed: 'anm' });
    expect(goes(by(10_002, tags), knowing({}))).toEqual({ relays: 'nm', needed: 'nm' });
    expect(goes(by(10_003, tags), users)).toEqual({ relays: 'a', needed: 'a' });
  });

  it('sends a gift wrap to where its receivers want direct messages, and nowhere else', () => {
    const inboxes = new Map([[bob, ['wss://I.example', 'ws://192.168.1.1', 'nonsense']]]);
    const users = knowing({ [ann]: ['a'], [bob]: ['b', 'c'], [eve]: ['', 'd'] }, { inboxes });
    expect(
      goes(
        by(1_059, [
          ['p', bob],
          ['p', eve],
        ]),
        users,
      ),
    ).toEqual({ relays: 'i', needed: undefined });
    expect(goes(by(1_059, [['p', eve]]), users)).toEqual({ relays: '', needed: undefined });
    expect(goes(by(1_059), users)).toEqual({ relays: '', needed: undefined });
  });
});
