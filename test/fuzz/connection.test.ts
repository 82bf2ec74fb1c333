import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../../src/testing/index.ts';
import { Verification } from '../../src/verifiers/verification.ts';
import { laterVerifier } from '../support/clocked-verifiers.ts';
import { heapInUse } from '../support/heap.ts';
import { HostileConnection, RealEvents } from './client.ts';
import { shrink, shrinkText } from './shrink.ts';
import { FRAMES, hostileFrames, SEED, TIMEOUT } from './size.ts';

const MEGABYTE = 2 ** 20;
/** The frames that are kept to be shrunk when something is wrong. */
const KEPT = 200;

/** A connection and those that follow it when a relay is dropped, all with one verification. */
class Flood {
  readonly time = new VirtualTime();
  readonly real = new RealEvents();
  readonly verification = new Verification({
    scheduler: this.time,
    verifier: laterVerifier(() => this.time, 3, this.real),
    // So few that it is full before memory is first looked at.
    remembered: 200,
  });
  client = this.#newClient();
  received = 0;
  dropped = 0;
  /** The latest frames, with the ids that were open when each came. */
  #latest: (readonly [frame: string, ids: readonly string[]])[] = [];
  readonly #next: () => string;

  constructor(seed: number) {
    this.#next = hostileFrames(seed, () => this.client.stuff);
  }

  async bring(count: number, millisecondsBetween: number): Promise<void> {
    for (const end = this.received + count; this.received < end; this.received++) {
      const frame = this.#next();
      this.#latest.push([frame, this.client.stuff.ids]);
      if (this.#latest.length > 2 * KEPT) this.#latest = this.#latest.slice(-KEPT);
      try {
        this.client.receive(frame);
      } catch (error) {
        this.client.broken.push(`${String(error)} was thrown`);
      }
      this.time.frame += millisecondsBetween;
      if (this.received % 50 === 25) this.client.sendReal();
      if (this.received % 50 === 49) await this.time.advance(5);
      if (this.received % 500 === 499) {
        // Long enough for the forgeries of one event, each of which is verified before the next.
        await this.time.advance(1_000);
        this.client.settled();
      }
      if (this.received % 100 === 99) this.client.renew();
      if (this.received % 2_000 === 1_999) await this.client.proveAlive();
      if (this.client.broken.length > 0) await this.#explain();
      if (this.client.isDropped) this.#replace();
    }
  }

  /** After a minute of quiet nothing is left to be done, and all is as it was. */
  async rest(): Promise<number> {
    await this.time.advance(60_000);
    await this.client.proveAlive();
    if (this.client.broken.length > 0) await this.#explain();
    if (this.client.isDropped) this.#replace();
    await this.time.advance(60_000);
    expect(this.verification.pending).toBe(0);
    expect(this.time.actions).toHaveLength(0);
    this.#latest = [];
    return heapInUse();
  }

  #newClient(): HostileConnection {
    return new HostileConnection(this.time, this.verification, this.real);
  }

  #replace(): void {
    this.dropped++;
    expect(this.client.connection.inFlight).toBe(0);
    this.client.close();
    this.client = this.#newClient();
  }

  async #explain(): Promise<never> {
    const latest = this.#latest.slice(-KEPT);
    const { broken } = this.client;
    const head = `frame ${this.received} of FUZZ_SEED=${SEED}: ${broken.slice(0, 3).join('; ')}`;
    // A connection that is new has other ids: those that were open take the places of those that are.
    const fails = (frames: readonly (readonly [string, readonly string[]])[]): boolean => breaksAnew(frames);
    if (!fails(latest)) {
      throw new Error(
        `${head}\nIt takes more than the latest frames. The last one: ${JSON.stringify(latest.at(-1)?.[0])}`,
      );
    }
    const few = shrink(latest, fails, 500);
    const least = few.map(([frame, ids], at) => {
      const shrunk = shrinkText(frame, (text) => fails(few.with(at, [text, ids])), 500);
      return JSON.stringify(shrunk.slice(0, 2_000));
    });
    throw new Error(`${head}\nshrunk to ${least.length} frames:\n${least.join('\n')}`);
  }
}

/** Whether these frames alone break a connection that is new. */
function breaksAnew(frames: readonly (readonly [frame: string, ids: readonly string[]])[]): boolean {
  const time = new VirtualTime();
  const real = new RealEvents();
  const client = new HostileConnection(time, new Verification({ scheduler: time, verifier: real }), real);
  try {
    for (const [frame, ids] of frames) {
      const renamed = client.stuff.ids.reduce(
        (text, id, at) => text.replaceAll(JSON.stringify(ids[at] ?? ''), JSON.stringify(id)),
        frame,
      );
      client.receive(renamed);
      time.flush();
    }
    client.sendReal();
    time.flush();
    client.settled();
    return client.broken.length > 0;
  } catch {
    return true;
  }
}

describe(`${FRAMES.toLocaleString('en')} hostile frames to a connection`, () => {
  it(
    'throw nothing, get nothing delivered, hide nothing, get nothing stuck, and grow nothing',
    { timeout: TIMEOUT },
    async () => {
      const flood = new Flood(SEED);
      // At full speed: what is wasted wears out the patience with one connection after the other.
      await flood.bring(FRAMES / 10, 0);
      const early = await flood.rest();
      await flood.bring(FRAMES / 2, 0);
      const late = await flood.rest();
      expect(flood.dropped).toBeGreaterThan(FRAMES / 10_000);
      // Slowly enough that one connection has to live through it all.
      const { dropped } = flood;
      await flood.bring((FRAMES * 4) / 10, 250);
      const end = await flood.rest();
      expect(flood.dropped).toBe(dropped);

      const { counters, inFlight } = flood.client.connection;
      expect(counters.frames).toBeGreaterThan(FRAMES / 3);
      expect(counters.events).toBeGreaterThan(FRAMES / 100);
      expect(counters.invalid).toBeGreaterThan(FRAMES / 200);
      expect(counters.malformed).toBeGreaterThan(FRAMES / 20);
      expect(late - early).toBeLessThan(3 * MEGABYTE);
      expect(end - late).toBeLessThan(3 * MEGABYTE);
      // What the test itself keeps open: subscriptions, and the latest of its questions.
      expect(inFlight).toBeLessThan(40);
    },
  );
});
