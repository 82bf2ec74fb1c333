import { describe, expect, it } from 'vitest';
import { type NostrEvent, serializeEvent } from '../../src/protocol/event.ts';
import { compileFilters, type Filter } from '../../src/protocol/filter.ts';
import { relayAuth, relayClosed, relayEose, relayEvent, relayOk } from '../../src/protocol/relay-frame.ts';
import type { Signer } from '../../src/sources/authentication.ts';
import { fakeEvent, seededRandom, VirtualTime } from '../../src/testing/index.ts';
import type { Verifier } from '../../src/verifiers/verifier.ts';
import { Verification } from '../../src/verifiers/verification.ts';
import { aConnection, type OpenConnection } from '../support/a-connection.ts';
import { laterVerifier } from '../support/clocked-verifiers.ts';
import { heapInUse } from '../support/heap.ts';
import { mutatedFrames } from '../support/mutated-frames.ts';
import { hear, type Heard } from '../support/world.ts';

const SEED = 20_260_714;
const MEGABYTE = 2 ** 20;

const stored = Array.from({ length: 300 }, (_, n) =>
  fakeEvent({
    kind: n % 3 === 0 ? 7 : 1,
    content: `note ${n} ${'"\\\n\u{1f600}'.repeat(n % 5)}`,
    tags:
      n % 2 === 0
        ? [
            ['t', 'x'],
            ['e', `${n}`.padStart(64, 'e')],
          ]
        : [],
    created_at: 1_767_000_000 + n,
  }),
);
const real = new Map(stored.map((event) => [event.id, event]));
const isReal = (event: NostrEvent): boolean => {
  const known = real.get(event.id);
  return known !== undefined && known.sig === event.sig && serializeEvent(known) === serializeEvent(event);
};
const engine: Verifier = { verify: (events) => events.map(isReal) };
/** Answers, and the relay's OK is then awaited for as long as an authentication takes. */
const signer: Signer = { signEvent: async (template) => fakeEvent({ ...template }) };

/** A subscription, and what may come out of it. */
interface Asked {
  readonly id: string;
  readonly filter: Filter;
  readonly heard: Heard<NostrEvent>;
}

/** One connection with everything under way that a connection can have under way. */
class Client {
  readonly #open: OpenConnection;
  readonly #published: string[] = [];
  #asked: Asked[] = [];
  #count = 0;

  constructor(
    readonly time: VirtualTime,
    readonly verification: Verification,
  ) {
    this.#open = aConnection({ scheduler: time, verification, signer });
    this.renew();
  }

  get failures(): number {
    return this.#open.failures.length;
  }

  get connection() {
    return this.#open.connection;
  }

  get stuff() {
    const ids = [...this.#asked.map(({ id }) => id), ...this.#open.requestIds().slice(-2)];
    return { ids, published: this.#published.slice(-4), events: stored };
  }

  receive(frame: string): void {
    this.#open.connection.receive(frame);
  }

  #ask(filter: Filter, live: boolean): Asked {
    const heard = hear(live ? this.connection.subscribe(filter) : this.connection.request(filter));
    return { id: this.#open.requestIds().at(-1) ?? '', filter, heard };
  }

  #publish() {
    const event = fakeEvent({ content: `published ${this.#count++}` });
    this.#published.push(event.id);
    return { event, heard: hear(this.connection.publish(event)) };
  }

  /** Opens what is not open any more: subscriptions, publishes, and an authentication in progress. */
  renew(): void {
    this.#asked = this.#asked.filter(({ heard }) => !heard.completed);
    while (this.#asked.length < 4) {
      const filter = this.#asked.length % 2 === 0 ? { kinds: [1] } : { kinds: [7], '#t': ['x'] };
      this.#asked.push(this.#ask(filter, true));
    }
    this.#publish();
    this.receive(relayAuth('challenge'));
    const { id } = this.#ask({ kinds: [1] }, false);
    this.receive(relayClosed(id, 'auth-required: members only'));
  }

  /** What came out so far was real, matched, and came once. */
  expectHonesty(): void {
    for (const { filter, heard } of this.#asked) {
      expect(heard.error).toBeUndefined();
      expect(heard.values.filter((event) => !isReal(event))).toEqual([]);
      expect(heard.values.every(compileFilters([filter]))).toBe(true);
      expect(new Set(heard.values.map(({ id }) => id)).size).toBe(heard.values.length);
    }
  }

  /** The connection still does everything that it did before. */
  async expectLife(): Promise<void> {
    await this.time.advance(100);
    const fresh = fakeEvent({ content: `fresh ${this.#count++}` });
    real.set(fresh.id, fresh);
    const before = this.connection.inFlight;
    const asked = this.#ask({ kinds: [1] }, false);
    const { event, heard } = this.#publish();
    this.receive(relayEvent(asked.id, fresh));
    this.receive(relayOk(event.id, true));
    this.receive(relayEose(asked.id));
    await this.time.advance(100);
    expect(asked.heard.values).toEqual([fresh]);
    expect(asked.heard.completed).toBe(true);
    expect(heard.values).toMatchObject([{ accepted: true }]);
    expect(this.connection.inFlight).toBe(before);
    // The subscriptions that have been open all the while still hear what is for them.
    const open = this.#asked.filter(({ filter, heard: live }) => !live.completed && compileFilters([filter])(fresh));
    for (const { id } of open) this.receive(relayEvent(id, fresh));
    await this.time.advance(100);
    for (const { heard: live } of open) expect(live.values.at(-1)).toEqual(fresh);
    real.delete(fresh.id);
    for (const { heard: live } of this.#asked) live.values.length = 0;
    this.#open.sent.splice(0, Math.max(0, this.#open.sent.length - 50));
  }
}

describe('200,000 mutated frames', () => {
  it('throw nothing, get nothing stuck, and grow nothing', async () => {
    const time = new VirtualTime();
    const verification = new Verification({ scheduler: time, verifier: laterVerifier(() => time, 3, engine) });
    let client = new Client(time, verification);
    const next = mutatedFrames(seededRandom(SEED), () => client.stuff);
    let dropped = 0;
    let received = 0;

    const flood = async (count: number, millisecondsBetween: number): Promise<void> => {
      for (const end = received + count; received < end; received++) {
        const frame = next();
        try {
          client.receive(frame);
        } catch (error) {
          throw new Error(`frame ${received} of seed ${SEED}: ${JSON.stringify(frame)}`, { cause: error });
        }
        time.frame += millisecondsBetween;
        if (client.failures > 0) {
          dropped++;
          client.expectHonesty();
          expect(client.connection.inFlight).toBe(0);
          client = new Client(time, verification);
        }
        if (received % 50 === 49) await time.advance(5);
        if (received % 1_000 === 999) {
          client.expectHonesty();
          await client.expectLife();
          client.renew();
        }
      }
    };
    const settled = async () => {
      await time.advance(60_000);
      client.expectHonesty();
      await client.expectLife();
      expect(verification.pending).toBe(0);
      expect(time.actions).toHaveLength(0);
      return { heap: await heapInUse(), inFlight: client.connection.inFlight };
    };

    // At full speed: what is wasted wears out the patience with one connection after the other.
    await flood(20_000, 0);
    const early = await settled();
    await flood(100_000, 0);
    expect(dropped).toBeGreaterThan(20);
    // Slowly enough that one connection has to live through it all.
    const droppedBefore = dropped;
    const late = await settled();
    await flood(80_000, 250);
    expect(dropped).toBe(droppedBefore);
    const end = await settled();

    expect(received).toBe(200_000);
    expect(client.connection.counters.frames).toBeGreaterThan(80_000);
    expect(client.connection.counters.events).toBeGreaterThan(100);
    expect(client.connection.counters.invalid).toBeGreaterThan(1_000);
    expect(client.connection.counters.malformed).toBeGreaterThan(10_000);
    expect(late.heap - early.heap).toBeLessThan(3 * MEGABYTE);
    expect(end.heap - late.heap).toBeLessThan(3 * MEGABYTE);
    // The subscriptions of the test, and the few publishes and REQs of 80 rounds that nothing happened to answer.
    expect(end.inFlight).toBeLessThan(40);
  }, 120_000);
});
