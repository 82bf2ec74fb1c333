import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { fakeEvent, signedEvent, testKey, VirtualTime } from '../../src/testing/index.ts';
import { borrowDefaultVerifier } from '../../src/verifiers/default-verifier.ts';
import { pureVerifier } from '../../src/verifiers/pure.ts';
import { type Verdict, Verification, type VerificationOptions } from '../../src/verifiers/verification.ts';
import type { Verdicts, Verifier } from '../../src/verifiers/verifier.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { heapInUse } from '../support/heap.ts';
import { signedEvents } from '../support/records.ts';

/** Real ones, which the pure verifier takes too. */
const [one, two, three, four, five] = ['1', '2', '3', '4', '5'].map((content) =>
  signedEvent({ content }, testKey(0)),
) as [NostrEvent, NostrEvent, NostrEvent, NostrEvent, NostrEvent];
const forged = (event: NostrEvent, sig = 'f'): NostrEvent => ({ ...event, sig: sig.repeat(128) });

/** An engine that answers when told to. */
class SlowVerifier implements Verifier {
  readonly batches: (readonly NostrEvent[])[] = [];
  readonly #answers: { resolve: (verdicts: Verdicts) => void; reject: (error: Error) => void }[] = [];

  verify(events: readonly NostrEvent[]): Promise<Verdicts> {
    this.batches.push(events);
    return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }));
  }

  async answer(batch: number, verdicts: Verdicts | Error): Promise<void> {
    if (verdicts instanceof Error) this.#answers[batch]?.reject(verdicts);
    else this.#answers[batch]?.resolve(verdicts);
    await new Promise((resolve) => setImmediate(resolve));
  }

  get contents(): string[][] {
    return this.batches.map((batch) => batch.map(({ content }) => content));
  }
}

const nobody: Verdict = { verified: () => undefined };

function setUp(options: VerificationOptions = {}) {
  const time = new VirtualTime();
  const verification = new Verification({ scheduler: time, ...options });
  const told: [string, NostrEvent | undefined][] = [];
  const check = (event: NostrEvent, as = event.content): void =>
    verification.check(event, { verified: (verified) => void told.push([as, verified]) });
  return { time, verification, told, check };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('Verification', () => {
  describe('once per id', () => {
    it('asks once, however many wait, and tells them all', async () => {
      const slow = new SlowVerifier();
      const { time, check, told, verification } = setUp({ verifier: slow });
      check(one, 'first');
      check({ ...one }, 'second');
      await time.advance(1);
      check(structuredClone(one), 'third');
      expect(slow.contents).toEqual([['1']]);
      expect(told).toEqual([]);
      expect(verification.pending).toBe(1);
      await slow.answer(0, [true]);
      expect(told.map(([as]) => as)).toEqual(['first', 'second', 'third']);
      expect(new Set(told.map(([, verified]) => verified))).toEqual(new Set([one]));
      expect(verification.pending).toBe(0);
    });

    it('hands out the copy that verified afterwards, at once and unasked', async () => {
      const slow = new SlowVerifier();
      const { time, check, told, verification } = setUp({ verifier: slow });
      check(one);
      await time.advance(1);
      await slow.answer(0, [true]);
      check(forged(one), 'other signature');
      check({ ...one, content: 'other' }, 'other content');
      expect(told.map(([, verified]) => verified === one)).toEqual([true, true, true]);
      expect(verification.known(one.id)).toBe(one);
      await time.advance(100);
      expect(slow.batches).toHaveLength(1);
    });

    it('does not remember a forgery, nor that there was one', async () => {
      const slow = new SlowVerifier();
      const { time, check, told, verification } = setUp({ verifier: slow });
      check(forged(one));
      await time.advance(1);
      await slow.answer(0, [false]);
      expect(told).toEqual([['1', undefined]]);
      expect(verification.known(one.id)).toBeUndefined();
      expect(verification.pending).toBe(0);
      check(one);
      await time.advance(1);
      await slow.answer(1, [true]);
      expect(told.at(-1)).toEqual(['1', one]);
    });

    it('forgets the oldest copy beyond what it may remember, and verifies that anew', async () => {
      const { time, check, verification } = setUp({ remembered: 2 });
      for (const event of [one, two, three]) check(event);
      await time.advance(1);
      expect([one, two, three].map(({ id }) => verification.known(id))).toEqual([undefined, two, three]);
      check(forged(one));
      await time.advance(1);
      expect(verification.known(one.id)).toBeUndefined();
    });
  });

  describe('copies that differ', () => {
    it('are tried one after the other, in the order in which they came', async () => {
      const slow = new SlowVerifier();
      const { time, check, told, verification } = setUp({ verifier: slow });
      check(forged(one, 'a'), 'a');
      check(forged(one, 'b'), 'b');
      check(one, 'real');
      check(forged(one, 'c'), 'c');
      check(forged(one, 'a'), 'a again');
      await time.advance(1);
      expect(slow.batches).toEqual([[forged(one, 'a')]]);
      await slow.answer(0, [false]);
      expect(told).toEqual([
        ['a', undefined],
        ['a again', undefined],
      ]);
      await time.advance(1);
      await slow.answer(1, [false]);
      await time.advance(1);
      expect(slow.batches.flat().map(({ sig }) => sig[0])).toEqual(['a', 'b', one.sig[0]]);
      await slow.answer(2, [true]);
      // Nothing is known against c: it gets the real copy in place of its own.
      expect(told.slice(2)).toEqual([
        ['b', undefined],
        ['real', one],
        ['c', one],
      ]);
      expect(verification.pending).toBe(0);
      await time.advance(1);
      expect(slow.batches).toHaveLength(3);
    });

    it('go before everything that waits, once their turn has come: a forgery does not send them to the back', async () => {
      const slow = new SlowVerifier();
      const { time, check, told } = setUp({ verifier: slow });
      check(forged(one), 'forgery');
      check(one, 'real');
      for (const event of [two, three, four]) check(event);
      await slow.answer(0, [false]);
      await time.advance(1);
      expect(slow.contents[1]?.[0]).toBe('1');
      await slow.answer(1, slow.contents[1]?.map(() => true) ?? []);
      expect(told.slice(0, 2)).toEqual([
        ['forgery', undefined],
        ['real', one],
      ]);
    });

    it('blame who sends other content behind the real event, but not who sends another signature', async () => {
      const slow = new SlowVerifier();
      const { time, check, told } = setUp({ verifier: slow });
      check(one, 'real');
      check({ ...one, content: 'changed' }, 'changed');
      check(forged(one), 'signed again');
      await time.advance(1);
      await slow.answer(0, [true]);
      expect(told).toEqual([
        ['real', one],
        ['changed', undefined],
        ['signed again', one],
      ]);
    });

    it('are forgeries where their content differs from what verified, though nobody looked at them', async () => {
      const slow = new SlowVerifier();
      const { time, check, told } = setUp({ verifier: slow });
      check(one, 'real');
      check({ ...one, content: 'other' }, 'other content');
      check(forged(one), 'other signature');
      await time.advance(1);
      await slow.answer(0, [true]);
      expect(told).toEqual([
        ['real', one],
        ['other content', undefined],
        ['other signature', one],
      ]);
      expect(slow.batches).toHaveLength(1);
    });

    it('are told apart by every field', async () => {
      const base: NostrEvent = { ...one, tags: [['e', '1'], ['p']] };
      const variants: NostrEvent[] = [
        { ...base, sig: '0'.repeat(128) },
        { ...base, content: 'x' },
        { ...base, pubkey: '0'.repeat(64) },
        { ...base, created_at: 1 },
        { ...base, kind: 2 },
        { ...base, tags: [] },
        { ...base, tags: [['e', '1']] },
        {
          ...base,
          tags: [
            ['e', '1'],
            ['p', ''],
          ],
        },
        { ...base, tags: [['e', '2'], ['p']] },
        { ...base, tags: [['p'], ['e', '1']] },
      ];
      for (const variant of variants) {
        const asked: NostrEvent[] = [];
        const { time, check } = setUp({
          verifier: {
            verify: (events) => {
              asked.push(...events);
              return events.map(() => false);
            },
          },
        });
        // The others wait behind it.
        check(two);
        check(base);
        check(variant);
        check({ ...base, tags: base.tags.map((tag) => [...tag]) });
        await time.advance(10);
        expect(asked).toEqual([two, base, variant]);
      }
    });

    it('never lead to a copy that did not verify, nor to an answer too many or too few', async () => {
      const copies = fc.array(
        fc.record({ id: fc.integer({ min: 0, max: 3 }), real: fc.boolean(), wait: fc.boolean() }),
      );
      await fc.assert(
        fc.asyncProperty(copies, fc.boolean(), async (sent, later) => {
          const events = [0, 1, 2, 3].map((n) => fakeEvent({ content: `${n}` }));
          const engine: Verifier = later
            ? { verify: (batch) => Promise.resolve(zerosVerifier.verify(batch)) }
            : zerosVerifier;
          const { time, verification } = setUp({ verifier: engine });
          const answers = sent.map(() => 0);
          for (const [index, { id, real, wait }] of sent.entries()) {
            const event = events[id] ?? fakeEvent();
            const copy = real ? { ...event } : forged(event, `${index % 8}`.replace('0', 'e'));
            const verified = (told: NostrEvent | undefined): void => {
              answers[index] = (answers[index] ?? 0) + 1;
              if (told) expect(told).toEqual(event);
              // A copy that is real is never refused.
              else expect(real).toBe(false);
            };
            verification.check(copy, { verified });
            if (wait) await time.advance(1);
          }
          await time.advance(100);
          expect(answers).toEqual(sent.map(() => 1));
          expect(verification.pending).toBe(0);
        }),
        { numRuns: 60 },
      );
    });
  });

  describe('batches', () => {
    it('are of those that come on the heels of another; what comes after a pause is verified at once', async () => {
      const slow = new SlowVerifier();
      const { time, check } = setUp({ verifier: { batchSize: 10, verify: (events) => slow.verify(events) } });
      for (const event of [one, two, three]) check(event);
      expect(slow.contents).toEqual([['1']]);
      await time.advance(1);
      expect(slow.contents).toEqual([['1'], ['2', '3']]);
      check(four);
      expect(slow.contents).toEqual([['1'], ['2', '3'], ['4']]);
      check(five);
      await time.advance(1);
      expect(slow.contents).toEqual([['1'], ['2', '3'], ['4'], ['5']]);
    });

    const events = Array.from({ length: 2_000 }, (_, i) => fakeEvent({ content: `${i}` }));
    /** The sizes of the batches of an engine that holds the thread so many ms an event. */
    async function sizes(cost: number, inThread: boolean): Promise<{ sizes: number[]; longestTurn: number }> {
      const found: number[] = [];
      let longestTurn = 0;
      let turn = { at: -1, from: 0 };
      const time = new VirtualTime();
      const verification = new Verification({
        scheduler: time,
        verifier: {
          verify: (batch) => {
            if (turn.at !== turns) turn = { at: turns, from: time.now() };
            found.push(batch.length);
            if (inThread) time.frame += cost * batch.length;
            longestTurn = Math.max(longestTurn, time.now() - turn.from);
            const verdicts = zerosVerifier.verify(batch);
            return inThread ? verdicts : Promise.resolve(verdicts);
          },
        },
      });
      let turns = 0;
      const { schedule } = time;
      time.schedule = function (this: VirtualTime, work: never, ...rest: never[]) {
        const run = work as (this: unknown, state: unknown) => void;
        return Reflect.apply(schedule, this, [
          function (this: unknown, state: unknown) {
            turns++;
            run.call(this, state);
          },
          ...rest,
        ]) as ReturnType<typeof schedule>;
      };
      for (const event of events) verification.check(event, nobody);
      await time.advance(60_000);
      expect(found.reduce((sum, size) => sum + size, 0)).toBe(events.length);
      return { sizes: found, longestTurn };
    }

    it('begin small again with the one that steps in for an engine that took many', async () => {
      const pure = vi.spyOn(pureVerifier, 'verify').mockImplementation((batch) => zerosVerifier.verify(batch));
      let isBroken = false;
      const verify = (batch: readonly NostrEvent[]): readonly boolean[] => {
        if (isBroken) throw new Error('broken');
        return batch.map(() => true);
      };
      const { time, verification } = setUp({ verifier: { verify } });
      for (const event of events.slice(0, 1_000)) verification.check(event, nobody);
      await time.advance(1_000);
      isBroken = true;
      for (const event of events.slice(1_000)) verification.check(event, nobody);
      await time.advance(1_000);
      expect(pure.mock.calls[0]?.[0]).toHaveLength(1);
      expect(verification.pending).toBe(0);
    });

    it('do not grow by a trickle: a burst after it is not verified in one go', async () => {
      const found: number[] = [];
      const { time, verification } = setUp({
        verifier: {
          verify: (batch) => {
            found.push(batch.length);
            time.frame += 2 * batch.length;
            return zerosVerifier.verify(batch);
          },
        },
      });
      for (const event of events.slice(0, 20)) {
        verification.check(event, nobody);
        await time.advance(50);
      }
      for (const event of events.slice(20, 120)) verification.check(event, nobody);
      await time.advance(60_000);
      expect(verification.pending).toBe(0);
      expect(Math.max(...found)).toBeLessThanOrEqual(8);
    });

    it('start small and grow while the engine answers fast, up to 256', async () => {
      const { sizes: found } = await sizes(0, false);
      expect(found.slice(0, 10)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 256]);
      expect(Math.max(...found)).toBe(256);
    });

    it('shrink to single events where the engine works in this thread and takes its time', async () => {
      const { sizes: found, longestTurn } = await sizes(3, true);
      expect(found.slice(-100)).toEqual(Array(100).fill(found.at(-1)));
      expect(Math.max(...found)).toBeLessThanOrEqual(2);
      expect(longestTurn).toBeLessThanOrEqual(15);
    });

    it('give the event loop its turn about every 8 ms', async () => {
      const { longestTurn } = await sizes(0.5, true);
      expect(longestTurn).toBeLessThanOrEqual(16);
    });
  });

  describe('an engine that cannot do its work', () => {
    const failing: [string, Verifier][] = [
      [
        'throws',
        {
          verify: () => {
            throw new Error('no');
          },
        },
      ],
      ['rejects', { verify: () => Promise.reject(new Error('no')) }],
      ['hangs', { verify: () => new Promise(() => undefined) }],
      ['gives too few verdicts', { verify: () => [] }],
      ['gives too many verdicts later', { verify: (batch) => Promise.resolve([...batch.map(() => true), true]) }],
      ['gives no list', { verify: () => ({ length: 1 }) as never }],
      ['gives nothing', { verify: () => undefined as never }],
      ['gives nothing later', { verify: () => Promise.resolve(undefined as never) }],
      ['gives a promise that throws', { verify: () => ({ then: () => void JSON.parse('') }) as never }],
    ];

    it.each(failing)('(it %s) is stood in for by the pure one', async (_, verifier) => {
      const { time, check, told, verification } = setUp({ verifier });
      check(one);
      check(forged(two));
      await time.advance(25_000);
      expect(new Map(told)).toEqual(
        new Map([
          ['1', one],
          ['2', undefined],
        ]),
      );
      expect(told).toHaveLength(2);
      expect(verification.failures).toBe(2);
      expect(verification.pending).toBe(0);
      await time.advance(60_000);
      expect(verification.failures).toBe(2);
      expect(time.actions).toHaveLength(0);
    });

    it.each(failing)('(it %s) is not asked again after three failures in a row', async (_, verifier) => {
      let asked = 0;
      const counting: Verifier = {
        verify: (events) => {
          asked++;
          return verifier.verify(events);
        },
      };
      const { time, check, told, verification } = setUp({ verifier: counting });
      // One after the other: the pure one answers in between.
      for (const event of [one, two, three, four, five]) {
        check(event);
        await time.advance(15_000);
      }
      expect(told.map(([, verified]) => verified)).toEqual([one, two, three, four, five]);
      expect(asked).toBe(3);
      expect(verification.failures).toBe(3);
    });

    it('is taken at its word where its promise is not of the platform', async () => {
      const { time, check, told, verification } = setUp({
        verifier: {
          verify: (batch) =>
            ({
              then: (resolve: (verdicts: Verdicts) => void) => {
                resolve(batch.map(({ content }) => content === '1'));
                resolve([]);
              },
            }) as never,
        },
      });
      check(one);
      check(two);
      await time.advance(10);
      expect(new Map(told)).toEqual(
        new Map([
          ['1', one],
          ['2', undefined],
        ]),
      );
      expect(verification.failures).toBe(0);
    });

    it('is asked on when it works again before the third time', async () => {
      let asked = 0;
      const flaky: Verifier = {
        verify: (events) => {
          if (++asked % 3 !== 0) throw new Error('not now');
          return zerosVerifier.verify(events);
        },
      };
      const { time, check, told } = setUp({ verifier: flaky });
      for (let n = 0; n < 30; n++) {
        check(fakeEvent({ content: `${n}` }));
        await time.advance(10);
      }
      expect(asked).toBe(30);
      // What the pure one was asked about is no signed event.
      expect(told.filter(([, verified]) => verified)).toHaveLength(10);
    });

    it('is not asked about what it took too long for, and its late answer counts no more', async () => {
      const slow = new SlowVerifier();
      const { time, check, told } = setUp({ verifier: slow, verdictTimeout: 1_000 });
      check(forged(one));
      await time.advance(900);
      expect(told).toEqual([]);
      await time.advance(200);
      expect(told).toEqual([['1', undefined]]);
      await slow.answer(0, [true]);
      check(forged(one));
      await time.advance(1);
      expect(told).toHaveLength(1);
      expect(slow.batches).toHaveLength(2);
    });

    it('takes no event down with it: where the pure one fails too, the event is none', async () => {
      vi.spyOn(pureVerifier, 'verify').mockImplementation(() => {
        throw new Error('out of memory');
      });
      const { time, check, told } = setUp();
      check(one);
      check(two);
      await time.advance(100);
      expect(told).toEqual([
        ['1', undefined],
        ['2', undefined],
      ]);
    });
  });

  describe('an engine that says how much it wants', () => {
    it('is given all that waits, up to so many, as it says at the time', async () => {
      const slow = new SlowVerifier();
      let batchSize: number | undefined = 3;
      const verifier = {
        get batchSize() {
          return batchSize;
        },
        verify: (events: readonly NostrEvent[]) => slow.verify(events),
      };
      const { time, check } = setUp({ verifier });
      for (const event of [one, two, three, four, five]) check(event);
      await time.advance(1);
      expect(slow.contents).toEqual([['1'], ['2', '3', '4'], ['5']]);
      batchSize = undefined;
      for (let n = 6; n < 10; n++) check(fakeEvent({ content: `${n}` }));
      await time.advance(1);
      expect(slow.contents.slice(3).map(({ length }) => length)).not.toContain(3);
    });

    it('is asked for full batches as they come, and the pure one that steps in only when its turn comes', async () => {
      const pure = vi.spyOn(pureVerifier, 'verify').mockImplementation((batch) => zerosVerifier.verify(batch));
      let isBroken = false;
      const asked: number[] = [];
      const verify = (batch: readonly NostrEvent[]): Promise<readonly boolean[]> => {
        asked.push(batch.length);
        if (isBroken) throw new Error('broken');
        return Promise.resolve(batch.map(() => true));
      };
      const { time, check, told } = setUp({ verifier: { batchSize: 100, verify } });
      const events = Array.from({ length: 900 }, (_, n) => fakeEvent({ content: `${n}` }));
      for (const event of events.slice(0, 250)) check(event);
      expect(asked).toEqual([1, 100, 100]);
      isBroken = true;
      for (const event of events.slice(250)) check(event);
      expect(pure).not.toHaveBeenCalled();
      await time.advance(1_000);
      expect(pure.mock.calls[0]?.[0]).toHaveLength(1);
      expect(told).toHaveLength(900);
    });

    it('does not speak for the pure one that steps in', async () => {
      const pure = vi.spyOn(pureVerifier, 'verify');
      const broken: Verifier = { batchSize: 100, verify: () => Promise.reject(new Error('broken')) };
      const { time, check, told } = setUp({ verifier: broken });
      for (const event of [one, two, three, four, five]) check(event);
      await time.advance(10);
      expect(told).toHaveLength(5);
      expect(pure.mock.calls[0]?.[0]).toHaveLength(1);
    });
  });

  describe('without a verifier of the caller', () => {
    it("verifies with WebAssembly on the platform's own time, and lets go of it on close", async () => {
      const [event, other] = signedEvents(2);
      const pure = vi.spyOn(pureVerifier, 'verify');
      const verification = new Verification();
      const verdict = new Promise((verified) => verification.check(event!, { verified }));
      expect(await verdict).toBe(event);
      expect(await new Promise((verified) => verification.check(forged(other!), { verified }))).toBeUndefined();
      expect(pure).not.toHaveBeenCalled();
      const shared = borrowDefaultVerifier();
      verification.close();
      expect(shared.verify([event!])).toEqual([true]);
      shared.close();
      expect(() => shared.verify([event!])).toThrow('closed');
    });

    it('verifies with the pure one on any other time, which a verdict from elsewhere would not keep to', async () => {
      const pure = vi.spyOn(pureVerifier, 'verify');
      const { time, check, told } = setUp();
      check(one);
      await time.advance(1);
      expect(told).toEqual([['1', one]]);
      expect(pure).toHaveBeenCalledTimes(1);
    });
  });

  it('closes when done: at once, or when the last who wait are told', async () => {
    const slow = new SlowVerifier();
    const { time, check, told, verification } = setUp({ verifier: slow });
    check(one);
    check(two);
    await time.advance(1);
    verification.closeWhenDone();
    await slow.answer(0, [true]);
    expect(verification.known(one.id)).toBe(one);
    await slow.answer(1, [true]);
    expect(told).toHaveLength(2);
    expect(verification.known(one.id)).toBeUndefined();

    const idle = setUp({ verifier: zerosVerifier });
    const event = fakeEvent();
    idle.check(event);
    await idle.time.advance(1);
    expect(idle.verification.known(event.id)).toBe(event);
    idle.verification.closeWhenDone();
    expect(idle.verification.known(event.id)).toBeUndefined();
  });

  it.each([0, -1, 1.5, NaN, Infinity])('cannot remember %s events, and says so at once', (remembered) =>
    expect(() => new Verification({ remembered })).toThrow(
      new RangeError(`RelayPool: 'remembered' must be a whole number above 0; got ${remembered}.`),
    ),
  );

  it('asks nobody and tells nobody after close(), and leaves nothing scheduled', async () => {
    const slow = new SlowVerifier();
    const { time, check, told, verification } = setUp({ verifier: slow });
    check(one);
    check(two);
    verification.close();
    expect(time.actions).toHaveLength(0);
    expect(verification.pending).toBe(0);
    await slow.answer(0, [true]);
    await time.advance(60_000);
    expect(told).toEqual([]);
    expect(slow.batches).toHaveLength(1);
    expect(verification.known(one.id)).toBeUndefined();
  });

  it('keeps nothing of what is over: events, callbacks and timers', async () => {
    for (const engine of [
      zerosVerifier,
      { verify: async (batch: readonly NostrEvent[]) => zerosVerifier.verify(batch) },
    ]) {
      const { time, verification } = setUp({ verifier: engine, remembered: 10 });
      const event = fakeEvent();
      const check = async (from: number, to: number): Promise<void> => {
        for (let n = from; n < to; n++) {
          const id = `${n}`.padStart(64, '0');
          // Every other one is a forgery, and a third has several who ask.
          const copy = { ...event, id, sig: n % 2 === 0 ? event.sig : 'f'.repeat(128) };
          for (let ask = 0; ask <= n % 3; ask++) verification.check(copy, nobody);
          await time.advance(1);
        }
      };
      await check(0, 500);
      const before = await heapInUse();
      await check(500, 15_500);
      expect((await heapInUse()) - before).toBeLessThan(2 ** 20);
      expect(time.actions).toHaveLength(0);
    }
  }, 60_000);

  it('a callback may check more events, and gets its answer', async () => {
    const { time, verification } = setUp({ verifier: zerosVerifier });
    const [first, second] = [fakeEvent({ content: '1' }), fakeEvent({ content: '2' })];
    const told: (NostrEvent | undefined)[] = [];
    const tell = (verified: NostrEvent | undefined): void => void told.push(verified);
    verification.check(first, {
      verified: (verified) => {
        tell(verified);
        verification.check(second, { verified: tell });
        verification.check(first, { verified: tell });
      },
    });
    await time.advance(10);
    expect(told).toEqual([first, first, second]);
  });
});
