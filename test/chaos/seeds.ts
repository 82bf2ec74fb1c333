import { expect, it } from 'vitest';
import { run } from './run.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import { shortest } from './shrink.ts';

/**
 * `CHAOS_SEEDS=5000` lives through so many schedules; `CHAOS_SEED=17` through one again. Of one that fails, steps that do not matter are
 * taken away before it is told, which takes a minute; not with `CHAOS_SHRINK=0`.
 */
const { CHAOS_SEED, CHAOS_SEEDS = '200', CHAOS_SHRINK } = process.env;

/** Violations of one run that are worth printing. */
const MOST = 5;

/** Checks every so many-th schedule, from one of them on: files share the work, as a file has one processor. */
export function checkSeeds(part: number, parts: number): void {
  const seeds =
    CHAOS_SEED === undefined
      ? Array.from({ length: Number(CHAOS_SEEDS) }, (_, index) => index + 1)
      : [Number(CHAOS_SEED)];
  const mine = seeds.filter((_, index) => index % parts === part);
  it.runIf(mine.length > 0)(
    `a pool keeps its promises through ${mine.length} schedules of trouble, from seed ${mine[0]}`,
    { timeout: 120_000 + mine.length * 3_000 },
    async () => {
      for (const seed of mine) {
        const schedule = scheduleOf(seed);
        const { violations } = await run(schedule);
        if (violations.length > 0) expect.fail(await storyOf(schedule));
      }
    },
  );
}

/** What is left of a schedule that fails when the steps that do not matter are taken away, and what is broken then. */
async function storyOf(schedule: Schedule): Promise<string> {
  const rulesOf = async (tried: Schedule): Promise<ReadonlySet<string>> =>
    new Set((await run(tried)).violations.map(({ rule }) => rule));
  const rules = await rulesOf(schedule);
  const fails = async (steps: Schedule['steps']): Promise<boolean> =>
    [...(await rulesOf({ ...schedule, steps }))].some((rule) => rules.has(rule));
  const steps = CHAOS_SHRINK === '0' ? schedule.steps : await shortest(schedule.steps, fails);
  const { violations, history } = await run({ ...schedule, steps });
  const start = history.entries[0]?.at ?? 0;
  return [
    `seed ${schedule.seed} fails; CHAOS_SEED=${schedule.seed} runs it again. What is left of it:`,
    `verifying takes ${schedule.verifying} ms${schedule.endsBusy ? ', and it ends busy' : ''}`,
    ...schedule.relays.map((relay, index) => `relay${index}: ${JSON.stringify(relay)}`),
    ...steps.map((step) => JSON.stringify(step)),
    'and what is broken:',
    ...violations.slice(0, MOST).map(({ at, rule, text }) => `${at - start} ms: ${rule}: ${text}`),
  ].join('\n');
}
