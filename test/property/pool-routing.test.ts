import fc from 'fast-check';
import { tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { QuorumError } from '../../src/operators/quorum.ts';
import type { BalanceStrategy } from '../../src/policies/balance.ts';
import { powerOfTwoChoices } from '../../src/policies/power-of-two-choices.ts';
import { weightedTop } from '../../src/policies/weighted-top.ts';
import { balanced } from '../../src/pool/balanced.ts';
import type { PooledRelay } from '../../src/pool/pooled-relay.ts';
import type { PublishReport } from '../../src/pool/publish-report.ts';
import type { Candidates, Route } from '../../src/pool/route.ts';
import { everyRelay } from '../../src/pool/routes.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { seededRandom, type VirtualRelay } from '../../src/testing/index.ts';
import { asked } from '../support/asked.ts';
import { hear, worldOfLoners } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NOTES = { kinds: [1] };

/** The critical value of the chi-square distribution with 4 degrees of freedom at a significance of 0.001. */
const CRITICAL = 18.47;

const STRATEGIES: readonly (readonly [string, () => BalanceStrategy])[] = [
  ['weightedTop', () => weightedTop()],
  ['powerOfTwoChoices', () => powerOfTwoChoices()],
];

describe.each(STRATEGIES)('relays of a pool, balanced by %s', (_, strategy) => {
  it.each([
    [1, 'request'],
    [2, 'request'],
    [1, 'publish'],
  ])('are chosen uniformly where they are equal (seed %i, %s)', { timeout: 60_000 }, async (seed, verb) => {
    const { pool, time, note, relays } = worldOfLoners({
      relays: Array.from({ length: 5 }, () => ({ verify: false })),
      seed,
    });
    // All are connected and measured, so that none is different for being new.
    const first = hear(pool.request(NOTES, { route: everyRelay() }));
    await time.until(() => first.completed);
    const route = balanced(1, { strategy: strategy() });
    const event = note('mine');
    const draws = 1_500;
    for (let n = 0; n < draws; n++) {
      const heard = hear<unknown>(verb === 'request' ? pool.request(NOTES, { route }) : pool.publish(event, { route }));
      await time.until(() => heard.completed);
    }
    const counts = relays.map(
      ({ received }) =>
        received.filter(({ message }) => message.type === (verb === 'request' ? 'REQ' : 'EVENT')).length,
    );
    const chosen = counts.map((count) => (verb === 'request' ? count - 1 : count));
    expect(chosen.reduce((sum, count) => sum + count, 0)).toBe(draws);
    const expected = draws / relays.length;
    const chiSquare = chosen.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(CRITICAL);
    pool.close();
  });

  /** Two minutes with relays of all sorts, several requests at a time, and two that fail for a while; all that any relay got, and when. */
  const story = async (seed: number): Promise<readonly string[]> => {
    const { pool, time, relays } = worldOfLoners({
      seed,
      relays: [10, 40, 90, 10, 200].map((most) => ({ faults: { delay: (random: () => number) => most * random() } })),
    });
    const route = balanced(1, { strategy: strategy() });
    const dice = seededRandom(99);
    for (let n = 0; n < 400; n++) {
      if (n === 100) relays[0]?.drop();
      for (const at of [0, 3]) {
        const faults = relays[at]?.faults;
        if (faults)
          Object.assign(faults, {
            refuse: n >= 100 && n < 200,
            closedWith: n >= 250 && n < 270 ? 'error: no' : undefined,
          });
      }
      hear(pool.request(NOTES, { route, priority: dice() < 0.3 ? 'high' : 'normal', silenceTimeout: SECOND }));
      await time.advance(600 * dice());
    }
    await time.advance(10 * SECOND);
    pool.close();
    return relays
      .flatMap(({ url, received }) => received.map(({ at, message }) => `${at} ${url} ${message.type}`))
      .sort();
  };

  it('the same seed replays a whole run, pick by pick, and another does not', { timeout: 60_000 }, async () => {
    const [one, again, other] = [await story(7), await story(7), await story(8)];
    expect(one.length).toBeGreaterThan(800);
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  /** What is done to a relay. */
  const anyDeed = fc.record({
    relay: fc.nat(4),
    what: fc.constantFrom('refuse', 'refuse', 'hang', 'close', 'silence', 'well'),
    after: fc.integer({ min: 100, max: 8_000 }),
  });

  it('that are not ready are not picked, but in a panic', { timeout: 120_000 }, async () => {
    const seen = { picks: 0, unready: 0, panics: 0, unreadyPicks: 0 };
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(anyDeed, { minLength: 5, maxLength: 15 }), async (seed, deeds) => {
        const { pool, time, relays } = worldOfLoners({ relays: 5, seed, pool: { connectTimeout: 2 * SECOND } });
        const broken: string[] = [];
        const watched: Route = (candidates$, call) => {
          let latest: Candidates = { relays: [], progress: new Map() };
          let before: ReadonlySet<string> = new Set();
          const noted$ = candidates$.pipe(tap((candidates) => (latest = candidates)));
          return balanced(1, { strategy: strategy() })(noted$, call).pipe(
            tap((choices) => {
              const isWell = ({ url, isReady }: PooledRelay): boolean => isReady && !call.isEjected(url);
              const well = latest.relays.filter(isWell).length;
              const isPanic = well < 0.5 * latest.relays.length;
              const joining = choices.filter(({ relay }) => !before.has(relay.url));
              before = new Set(choices.map(({ relay }) => relay.url));
              if (joining.length === 0) return;
              seen.picks++;
              if (well < latest.relays.length) seen.unready++;
              if (isPanic) seen.panics++;
              for (const { relay } of joining.filter((choice) => !isWell(choice.relay))) {
                seen.unreadyPicks++;
                if (!isPanic) broken.push(`${relay.url} was picked, and ${well} of 5 were ready`);
              }
            }),
          );
        };
        const settled = [hear(pool.request(NOTES, { route: everyRelay() }))];
        await time.advance(SECOND);
        for (const { relay: index, what, after } of deeds) {
          const relay = relays[index] as VirtualRelay;
          relay.clearFaults();
          if (what === 'refuse' || what === 'hang') {
            relay.faults[what] = true;
            relay.drop();
          } else if (what === 'close') relay.faults.closedWith = 'error: no';
          else if (what === 'silence') relay.faults.noEose = true;
          for (let passed = 0; passed < after; passed += 400) {
            settled.push(hear(pool.request(NOTES, { route: watched, silenceTimeout: SECOND, deadline: 20 * SECOND })));
            await time.advance(400);
          }
        }
        await time.advance(30 * SECOND);
        expect(broken).toEqual([]);
        // Whatever happens, all requests end.
        expect(settled.filter(({ completed }) => !completed)).toEqual([]);
        pool.close();
        await time.settle();
        expect(time.actions).toHaveLength(0);
      }),
      { numRuns: 15, seed: 20_260_102 },
    );
    // It was worth the name: some were not ready, and there were panics.
    expect(seen.picks).toBeGreaterThan(1_000);
    expect(seen.unready - seen.panics).toBeGreaterThan(200);
    expect(seen.unreadyPicks).toBeGreaterThan(20);
  });

  /** What befalls a relay, besides that its connection is lost. */
  it.each<readonly [string, Partial<VirtualRelay['faults']>]>([
    ['refused connections', { refuse: true }],
    ['hung in the handshake', { hang: true }],
    ['said no EOSE', { noEose: true }],
    ['was slow', { delay: 900 }],
  ])('one that %s has its part again, four minutes after it is well', { timeout: 60_000 }, async (__, faults) => {
    const { pool, time, relays } = worldOfLoners({ relays: 4, seed: 5, pool: { connectTimeout: 2 * SECOND } });
    const [sick] = relays as [VirtualRelay];
    const route = balanced(1, { strategy: strategy() });
    const pass = async (duration: number): Promise<number> => {
      const before = asked(relays);
      for (let passed = 0; passed < duration; passed += 250) {
        hear(pool.request(NOTES, { route, silenceTimeout: SECOND }));
        await time.advance(250);
      }
      const now = asked(relays).map((count, at) => count - (before[at] ?? 0));
      return (now[0] ?? 0) / now.reduce((sum, count) => sum + count, 0);
    };
    expect(await pass(30 * SECOND)).toBeGreaterThan(0.15);
    Object.assign(sick.faults, faults);
    sick.drop();
    await pass(MINUTE);
    // While it is so, it gets little: probes, and what was not known to be in vain.
    expect(await pass(30 * SECOND)).toBeLessThan(0.12);
    sick.clearFaults();
    await pass(4 * MINUTE);
    expect(await pass(MINUTE)).toBeGreaterThan(0.15);
    pool.close();
  });
});

/** What a relay does with an event: to what its delay in milliseconds belongs, where it answers. */
type Behaviour = { readonly what: 'accept' | 'had it' | 'reject' | 'hang' | 'die' | 'down'; readonly delay: number };

const anyBehaviour: fc.Arbitrary<Behaviour> = fc.record({
  what: fc.constantFrom('accept', 'accept', 'accept', 'had it', 'reject', 'reject', 'hang', 'die', 'down'),
  delay: fc.integer({ min: 0, max: 500 }),
});
const anyCase = fc.array(anyBehaviour, { minLength: 1, maxLength: 6 }).chain((behaviours) => {
  const count = behaviours.length;
  const size = (most: number) => fc.oneof(fc.integer({ min: 1, max: most }), fc.constantFrom('majority', 'all'));
  const members = fc.shuffledSubarray([...behaviours.keys()], { minLength: 1 });
  const part = members.chain((all) => fc.record({ members: fc.constant(all), size: size(all.length) }));
  return fc.record({
    behaviours: fc.constant(behaviours),
    plain: size(count),
    /** By cluster where there are some. */
    clusters: fc.array(part, { maxLength: 2 }),
  });
});

const numberOf = (size: unknown, members: number): number =>
  size === 'all' ? members : size === 'majority' ? Math.floor(members / 2) + 1 : Number(size);

describe('the quorum of a publish', () => {
  it(
    'is met once, by so many different relays, or errors once, as soon as it is out of reach',
    { timeout: 120_000 },
    async () => {
      const seen = { met: 0, early: 0, late: 0 };
      await fc.assert(
        fc.asyncProperty(fc.nat(), anyCase, async (seed, { behaviours, plain, clusters }) => {
          const { pool, time, note, relays } = worldOfLoners({
            seed,
            relays: behaviours.map(({ what, delay }) => ({
              faults: {
                delay,
                refuse: what === 'down',
                noOk: what === 'hang' || what === 'die',
                rejectsDuplicates: true,
                rejectedWith: what === 'reject' ? 'blocked: no' : undefined,
              },
            })),
          });
          const urls = relays.map(({ url }) => relayUrl(url));
          const event = note('mine');
          behaviours.forEach(({ what }, index) => {
            const relay = relays[index] as VirtualRelay;
            if (what === 'had it') relay.seed(event);
            if (what !== 'die') return;
            relay.received$.subscribe(({ message }) => {
              if (message.type !== 'EVENT') return;
              relay.faults.refuse = true;
              relay.drop();
            });
          });
          clusters.forEach(({ members }, index) =>
            pool.cluster(`c${index}`, { relays: members.map((member) => urls[member] ?? '') }),
          );
          const parts = (clusters.length > 0 ? clusters : [{ members: [...urls.keys()], size: plain }]).map(
            ({ members, size }) => ({ members, needed: numberOf(size, members.length) }),
          );
          const quorum =
            clusters.length > 0 ? Object.fromEntries(clusters.map(({ size }, index) => [`c${index}`, size])) : plain;
          const count = (members: readonly number[], what: readonly string[]): number =>
            members.filter((member) => what.includes(behaviours[member]?.what ?? '')).length;
          const has = ({ outcomes }: PublishReport, member: number, status: string): boolean =>
            outcomes[urls[member] ?? relayUrl('wss://none.test')]?.status === status;
          const standing = (report: PublishReport) =>
            parts.map(({ members, needed }) => {
              const accepted = members.filter((member) => has(report, member, 'accepted')).length;
              const pending = members.filter((member) => has(report, member, 'pending')).length;
              return accepted >= needed ? 'met' : accepted + pending >= needed ? 'open' : 'failed';
            });

          const deadline = 5 * SECOND;
          const start = time.now();
          let erroredAt = Infinity;
          let errors = 0;
          const heard = hear(pool.publish(event, { quorum, deadline }));
          while (heard.error === undefined && !heard.completed) {
            await time.advance(10);
            if (heard.error !== undefined) {
              erroredAt = time.now() - start;
              errors++;
            }
          }
          await time.advance(MINUTE);

          const isReached = parts.every(({ members, needed }) => count(members, ['accept', 'had it']) >= needed);
          // Each report says what its outcomes say, and none says that it is out of reach.
          for (const report of heard.values) {
            expect(standing(report)).not.toContain('failed');
            expect(report.quorum).toBe(standing(report).every((each) => each === 'met') ? 'met' : 'open');
          }
          const said = heard.values.map(({ quorum: how }) => how);
          expect(said.lastIndexOf('open')).toBeLessThan(said.includes('met') ? said.indexOf('met') : Infinity);
          expect([said.includes('met'), heard.completed, errors]).toEqual([isReached, isReached, isReached ? 0 : 1]);
          if (isReached) seen.met++;
          else {
            expect(heard.error).toBeInstanceOf(QuorumError);
            const { report } = heard.error as QuorumError<PublishReport>;
            expect(report && standing(report)).toContain('failed');
            // The one outcome that put it out of reach, and not a later one.
            const before = Object.values(heard.values.at(-1)?.outcomes ?? {}).filter(
              ({ status }) => status === 'pending',
            );
            expect(report?.pending).toBe(before.length - 1);
            const byRejections = parts.some(
              ({ members, needed }) => members.length - count(members, ['reject']) < needed,
            );
            // Connecting, asking and answering take 40 ms and the delay; the clock is read every 10.
            if (byRejections) expect(erroredAt).toBeLessThanOrEqual(500 + 60);
            seen[byRejections ? 'early' : 'late']++;
          }
          pool.close();
          await time.settle();
          expect(time.actions).toHaveLength(0);
        }),
        { numRuns: 200, seed: 20_260_103 },
      );
      expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
    },
  );
});
