import fc from 'fast-check';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { quorum, QuorumError } from '../../src/operators/quorum.ts';
import type { QuorumSize } from '../../src/policies/quorum.ts';

type Status = 'pending' | 'accepted' | 'rejected' | 'silent';
type Outcomes = Readonly<Record<string, Status>>;

interface Report {
  readonly outcomes: Outcomes;
  readonly accepted: number;
  readonly pending: number;
}

const reportOf = (outcomes: Outcomes): Report => {
  const of = (status: Status): number => Object.values(outcomes).filter((other) => other === status).length;
  return { outcomes, accepted: of('accepted'), pending: of('pending') };
};

/** The reports of one publish: some relays have accepted before, then the others settle in any order. */
const anyReports: fc.Arbitrary<readonly Report[]> = fc
  .array(fc.constantFrom<Status>('pending', 'pending', 'pending', 'accepted'), { maxLength: 7 })
  .chain((first) => {
    const names = first.map((_, at) => `wss://${at}.example/`);
    const waiting = names.filter((_, at) => first[at] === 'pending');
    const steps = fc.tuple(
      ...waiting.map((name) =>
        fc.tuple(fc.constant(name), fc.constantFrom<Status>('accepted', 'accepted', 'rejected', 'silent')),
      ),
    );
    return steps
      .chain((all) => fc.shuffledSubarray([...all], { minLength: all.length }))
      .map((all) => {
        const reports = [reportOf(Object.fromEntries(names.map((name, at) => [name, first[at] ?? 'pending'])))];
        for (const [name, status] of all) reports.push(reportOf({ ...reports.at(-1)?.outcomes, [name]: status }));
        return reports;
      });
  });

const anySize: fc.Arbitrary<QuorumSize> = fc.oneof(
  fc.integer({ min: 1, max: 8 }),
  fc.constantFrom<QuorumSize>('majority', 'all'),
);
const anyEnd = fc.constantFrom('complete', 'error', 'unsubscribe');

/** Whether so many of them, told by trying, are as many as the size says. */
function isQuorum(size: QuorumSize, count: number, members: number): boolean {
  if (size === 'all') return count > 0 && count === members;
  return size === 'majority' ? 2 * count > members : count >= size;
}

interface Expectation {
  /** At which report it is decided, and how. */
  readonly at: number;
  readonly how: 'met' | 'failed';
}

/** What is to be told, by going through the reports and thinking of all that may still accept. */
function expectation(size: QuorumSize, reports: readonly Report[]): Expectation | undefined {
  for (const [at, { outcomes }] of reports.entries()) {
    const all = Object.values(outcomes);
    const accepted = all.filter((status) => status === 'accepted').length;
    const hoped = all.filter((status) => status === 'accepted' || status === 'pending').length;
    if (isQuorum(size, accepted, all.length)) return { at, how: 'met' };
    if (!isQuorum(size, hoped, all.length)) return { at, how: 'failed' };
  }
  return undefined;
}

describe('quorum', () => {
  it('resolves once, only when so many have accepted, and fails as soon as that is out of reach', () => {
    const counts: Record<string, number> = {};
    fc.assert(
      fc.property(anySize, anyReports, fc.nat(8), anyEnd, fc.boolean(), (size, all, length, end, finish) => {
        const reports = all.slice(0, length);
        const source = new Subject<Report>();
        const log: unknown[] = [];
        const subscription = source.pipe(quorum(size, { finish })).subscribe({
          next: (report) => log.push(report),
          error: (error: unknown) => log.push(error),
          complete: () => log.push('|'),
        });
        const expected = expectation(size, reports);
        const decided = expected && reports[expected.at];
        const members = Object.keys(reports[0]?.outcomes ?? {}).length;
        const canEver = isQuorum(size, members, members);
        reports.forEach((report, at) => {
          source.next(report);
          const isOver = expected !== undefined && at >= expected.at;
          expect(log.length > 0).toBe(isOver);
          expect(source.observed).toBe(!isOver || (finish && canEver));
        });

        const before = [...log];
        if (end === 'complete') source.complete();
        else if (end === 'error') source.error('broken');
        else {
          subscription.unsubscribe();
          expect(source.observed).toBe(expected !== undefined && finish && canEver);
        }

        if (expected === undefined) {
          const [told, ...others] = log;
          expect(others).toEqual([]);
          if (end === 'complete') {
            expect(told).toBeInstanceOf(QuorumError);
            expect((told as QuorumError).report).toBe(reports.at(-1));
          } else expect(told).toBe(end === 'error' ? 'broken' : undefined);
        } else {
          expect(log).toEqual(before);
          if (expected.how === 'met') expect(log).toEqual([decided, '|']);
          else {
            expect(log).toHaveLength(1);
            expect(log[0]).toBeInstanceOf(QuorumError);
            const { needed, report } = log[0] as QuorumError;
            expect(report).toBe(decided);
            // The least that would have been enough.
            expect([needed, needed - 1].map((count) => isQuorum(size, count, Math.max(members, 1)))).toEqual([
              true,
              false,
            ]);
          }
        }
        const kind = `${expected?.how ?? 'open'} ${expected?.at === 0 ? 'at once' : 'later'} ${end}`;
        counts[kind] = (counts[kind] ?? 0) + 1;
      }),
      { numRuns: 5_000 },
    );
    // Met, failed or open, at once or later, and three ends; what is open is so for long.
    expect(Object.keys(counts)).toHaveLength(15);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(20);
  });
});
