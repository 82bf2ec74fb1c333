import fc from 'fast-check';
import type { Subscription } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { storedOf } from '../../src/pool/stored-of.ts';
import { classifyKind, type NostrEvent, replaceableKey, supersedes } from '../../src/protocol/event.ts';
import { type Filter, matchesFilter } from '../../src/protocol/filter.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { fakeEvent, type VirtualRelay } from '../../src/testing/index.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { type World, world } from '../support/world.ts';

/**
 * The same story in two worlds: in one, requests share REQs where they can; in the other, each has its own. Whenever both have come to rest,
 * everybody must have been delivered the same. What cannot be compared, as it depends on when a REQ arrives:
 *
 * - an old version of a replaceable event, where a newer one was delivered: only the newest counts;
 * - ephemeral events: nobody may hear of one that had arrived before it asked, and no more is said;
 * - a filter with a limit: who shares is told so many in all, who is alone so many by each relay. Both must have the newest of all;
 * - a request that ends, about events that are added while it runs, which may be longer where it shares pages; and all of it while a relay
 *   was lost.
 */

const SECOND = 1_000;
/** Answers, also slow ones, are there by then; after a drop it takes a reconnect. */
const [CALM, CALM_AFTER_DROP] = [2 * SECOND, 30 * SECOND];

const AUTHORS = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64));
const KINDS = [1, 7, 0, 30_023, 20_001];
const TOPICS = ['x', 'y', 'z'];

const few = <T>(values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values], { minLength: 1, maxLength: 2 });

interface Note {
  readonly author: string;
  readonly kind: number;
  readonly topics: readonly string[];
  /** The relays that have it: one bit each. */
  readonly on: number;
}
const note: fc.Arbitrary<Note> = fc.record({
  author: fc.constantFrom(...AUTHORS),
  kind: fc.constantFrom(1, 1, 1, ...KINDS),
  topics: fc.subarray(TOPICS),
  on: fc.integer({ min: 1, max: 7 }),
});

const filter: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 5, arbitrary: few(AUTHORS).map((authors): Filter => ({ authors })) },
  { weight: 3, arbitrary: few(TOPICS).map((topics): Filter => ({ kinds: [1, 7], '#t': topics })) },
  { weight: 2, arbitrary: few(AUTHORS).map((authors): Filter => ({ kinds: [0, 30_023], authors })) },
  { weight: 2, arbitrary: fc.constant<Filter>({ kinds: [1] }) },
  { weight: 3, arbitrary: fc.constantFrom<Filter>({ limit: 3 }, { kinds: [1], limit: 2 }, { kinds: [0], limit: 1 }) },
);

type Step =
  | { readonly type: 'ask'; readonly filter: Filter; readonly live: boolean }
  | { readonly type: 'leave'; readonly who: number }
  | { readonly type: 'add'; readonly note: Note }
  | { readonly type: 'drop'; readonly relay: number }
  | { readonly type: 'wait'; readonly milliseconds: number }
  | { readonly type: 'next turn' }
  | { readonly type: 'rest' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant('ask' as const), filter, live: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('leave' as const), who: fc.nat(20) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('add' as const), note }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('wait' as const), milliseconds: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ type: 'next turn' }, { type: 'rest' }) },
);

const story = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  relays: fc.integer({ min: 1, max: 3 }),
  stored: fc.array(note, { maxLength: 40, size: 'max' }),
  steps: fc
    .tuple(fc.array(step, { maxLength: 50, size: 'max' }), fc.option(fc.nat(2), { freq: 2 }), fc.nat(50))
    // One relay is dropped, once, or none.
    .map(([steps, relay, at]): Step[] => (relay === null ? steps : steps.toSpliced(at, 0, { type: 'drop', relay }))),
});

/** Somebody who asked, and what they were told. */
interface Asker {
  readonly filter: Filter;
  readonly live: boolean;
  readonly packets: Packet[];
  readonly subscription: Subscription;
  /** What all relays together stored when it asked, for a filter with a limit. */
  readonly stored: readonly NostrEvent[];
  /** Ephemeral events that had arrived everywhere before it asked. */
  readonly before: ReadonlySet<string>;
  /** What was added while it ran, of a request. */
  readonly meanwhile: Set<string>;
  completed: number;
  error: unknown;
  hasLeft: boolean;
  /** A request that ran while a relay was lost. */
  isDisturbed: boolean;
}

class Telling {
  readonly askers: Asker[] = [];
  readonly #world: World;
  readonly #ephemeral = new Set<string>();
  /** Those of them that have arrived. */
  #passed: ReadonlySet<string> = new Set();
  #made = 0;
  #hasDropped = false;

  constructor(seed: number, relays: number, alone: boolean) {
    this.#world = world({
      seed,
      // Of many events, a relay sends a part: the rest takes pages.
      relays: Array.from({ length: relays }, () => ({ faults: { order: 'shuffled', cap: 15 } as const })),
      pool: { alone, verifier: zerosVerifier },
    });
  }

  get relays(): readonly VirtualRelay[] {
    return this.#world.relays;
  }

  get reqs(): number {
    return this.relays.flatMap(({ received }) => received.filter(({ message }) => message.type === 'REQ')).length;
  }

  store(note: Note, how: 'seed' | 'add'): void {
    const now = Math.floor(this.#world.time.now() / SECOND);
    // No two have the same time, so that every page ends somewhere.
    const created_at = now - (how === 'seed' ? 2_000 : 300) + this.#made++;
    const tags = [['d', 'one'], ...note.topics.map((topic) => ['t', topic])];
    const event = fakeEvent({ pubkey: note.author, kind: note.kind, created_at, tags, content: `${this.#made}` });
    const holders = this.relays.filter((_, index) => ((note.on >> index) & 1) === 1);
    // Those who hold it not, hold nothing: a note is always somewhere.
    for (const relay of holders.length > 0 ? holders : this.relays) relay[how](event);
    if (classifyKind(event.kind) === 'ephemeral') this.#ephemeral.add(event.id);
    for (const { meanwhile } of this.#running()) meanwhile.add(keyOf(event));
  }

  /** What happens in this turn of the event loop. */
  act(step: Step & { readonly type: 'ask' | 'leave' | 'add' | 'drop' }): void {
    if (step.type === 'ask') this.#ask(step.filter, step.live);
    else if (step.type === 'add') this.store(step.note, 'add');
    else if (step.type === 'leave') {
      const asker = this.askers[step.who % Math.max(1, this.askers.length)];
      if (!asker) return;
      asker.hasLeft = true;
      asker.subscription.unsubscribe();
    } else {
      this.relays[step.relay % this.relays.length]?.drop();
      this.#hasDropped = true;
      for (const asker of this.#running()) asker.isDisturbed = true;
    }
  }

  async pass(milliseconds: number): Promise<void> {
    await this.#world.time.advance(milliseconds);
  }

  async rest(): Promise<void> {
    await this.pass(this.#hasDropped ? CALM_AFTER_DROP : CALM);
    this.#hasDropped = false;
    this.#passed = new Set(this.#ephemeral);
  }

  /** What is stored on all relays together. */
  get stored(): readonly NostrEvent[] {
    return this.relays.flatMap(({ store }) => [...store]);
  }

  async end(): Promise<void> {
    for (const { subscription } of this.askers) subscription.unsubscribe();
    // A connection that is being probed has a REQ of its own.
    await this.pass(15 * SECOND);
    for (const { subscriptionCount } of this.relays) expect(subscriptionCount).toBe(0);
    this.#world.pool.close();
    expect(await this.#world.time.settle()).toBe(true);
  }

  #running(): readonly Asker[] {
    return this.askers.filter(({ live, completed }) => !live && completed === 0);
  }

  #ask(filter: Filter, live: boolean): void {
    const { pool } = this.#world;
    const packets: Packet[] = [];
    const asker: Omit<Asker, 'subscription'> = {
      ...{
        filter,
        live,
        packets,
        stored: filter.limit === undefined ? [] : this.stored,
        before: this.#passed,
        meanwhile: new Set(),
      },
      ...{ completed: 0, error: undefined, hasLeft: false, isDisturbed: !live && this.#hasDropped },
    };
    const ends = {
      error: (error: unknown) => (asker.error = error),
      complete: () => asker.completed++,
    };
    const subscription = live
      ? pool.packets(filter).subscribe({ ...ends, next: (packet) => packets.push(packet) })
      : pool.request(filter).subscribe({
          ...ends,
          next: (event) => packets.push({ type: 'event', relay: relayUrl('wss://some.test'), event }),
        });
    this.askers.push(Object.assign(asker, { subscription }));
  }
}

const keyOf = (event: NostrEvent): string => replaceableKey(event) ?? event.id;
const eventsOf = ({ packets }: Asker): readonly NostrEvent[] =>
  packets.flatMap((packet) => (packet.type === 'event' ? [packet.event] : []));

/** The ids of what counts, by {@link keyOf}: the newest versions of what relays store. */
function newest(events: readonly NostrEvent[]): ReadonlyMap<string, string> {
  const versions = new Map<string, NostrEvent>();
  for (const event of events) {
    if (classifyKind(event.kind) === 'ephemeral') continue;
    const other = versions.get(keyOf(event));
    if (!other || supersedes(event, other)) versions.set(keyOf(event), event);
  }
  return new Map([...versions].map(([key, { id }]) => [key, id]));
}

/** What holds for everybody at all times, however they ask. */
function expectSound(asker: Asker): void {
  const events = eventsOf(asker);
  expect(asker.error).toBeUndefined();
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  expect(events.filter((event) => !matchesFilter(asker.filter, event))).toEqual([]);
  expect(events.filter(({ id }) => asker.before.has(id))).toEqual([]);
}

/** One that is there at rest has settled, and only once: who is awaited grows fewer, to nobody. */
function expectSettled({ live, packets, completed }: Asker): void {
  expect(completed).toBe(live ? 0 : 1);
  if (!live) return;
  const awaited = packets.flatMap((packet) => ('pending' in packet ? packet.pending : []));
  expect(awaited).toEqual([...awaited].sort((a, b) => b - a));
  expect(awaited[awaited.length - 1]).toBe(0);
}

function expectSame(sharing: Asker, alone: Asker, stored: readonly NostrEvent[]): void {
  const [shared, own] = [sharing, alone].map((asker) => newest(eventsOf(asker))) as [
    ReadonlyMap<string, string>,
    ReadonlyMap<string, string>,
  ];
  const { filter, live } = alone;
  const meanwhile = new Set([...sharing.meanwhile, ...alone.meanwhile]);
  const counts = ([key]: readonly [string, string]): boolean => !meanwhile.has(key);
  if (filter.limit === undefined) {
    expect(new Map([...shared].filter(counts))).toEqual(new Map([...own].filter(counts)));
    return;
  }
  // A request that was asked before something was added cannot know of it.
  if (!live && meanwhile.size > 0) return;
  const known = live ? stored : alone.stored;
  const packets = known.map((event) => ({ type: 'event' as const, relay: relayUrl('wss://some.test'), event }));
  for (const { event } of storedOf(packets, [filter], 0)) {
    expect([shared.get(keyOf(event)), own.get(keyOf(event))]).toEqual([event.id, event.id]);
  }
}

describe('requests that share REQs', () => {
  it('are delivered what they would be if each had its own', { timeout: 60_000 }, async () => {
    const seen = { compared: 0, live: 0, ended: 0, limited: 0, left: 0, events: 0, disturbed: 0 };
    const reqs = { sharing: 0, alone: 0 };
    await fc.assert(
      fc.asyncProperty(story, async ({ seed, relays, stored, steps }) => {
        const sharing = new Telling(seed, relays, false);
        const alone = new Telling(seed, relays, true);
        for (const each of stored) for (const telling of [sharing, alone]) telling.store(each, 'seed');
        const compared = new Set<Asker>();
        for (const each of [...steps, { type: 'rest' } as const]) {
          if (each.type === 'next turn') await Promise.resolve();
          for (const telling of [sharing, alone]) {
            if (each.type === 'wait') await telling.pass(each.milliseconds);
            else if (each.type === 'rest') await telling.rest();
            else if (each.type !== 'next turn') telling.act(each);
          }
          if (each.type !== 'rest') continue;
          for (const [index, one] of sharing.askers.entries()) {
            const other = alone.askers[index];
            if (!other || one.hasLeft) continue;
            for (const asker of [one, other]) expectSettled(asker);
            // Its end was compared when it had come to it.
            if (compared.has(one)) continue;
            if (!one.live) compared.add(one);
            if (one.isDisturbed) seen.disturbed++;
            else {
              expectSame(one, other, alone.stored);
              seen.compared++;
              seen.events += eventsOf(one).length;
              seen[one.live ? 'live' : 'ended']++;
              if (one.filter.limit !== undefined) seen.limited++;
            }
          }
        }
        for (const telling of [sharing, alone]) {
          telling.askers.forEach(expectSound);
          await telling.end();
        }
        seen.left += sharing.askers.filter(({ hasLeft }) => hasLeft).length;
        reqs.sharing += sharing.reqs;
        reqs.alone += alone.reqs;
      }),
      { numRuns: 100, seed: 20_260_101 },
    );
    // It was a story worth the name.
    expect(seen).toSatisfy((counts: typeof seen) => Object.values(counts).every((count) => count > 30));
    expect(reqs.sharing).toBeLessThan(0.8 * reqs.alone);
  });
});
