import { expect, it } from 'vitest';
import { run } from './run.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import { shortest } from './shrink.ts';

/**
 * Schedules of trouble on virtual time, a seed each. `CHAOS_SEEDS=5000` lives through so many; `CHAOS_SEED=17` through one again, and says
 * what is left of it when steps that do not matter are taken away.
 */
const only = process.env['CHAOS_SEED'];
const count = only === undefined ? Number(process.env['CHAOS_SEEDS'] ?? 200) : 1;
const first = Number(only ?? 1);

/** Violations of one run that are worth printing. */
const MOST = 5;

async function story(schedule: Schedule): Promise<string> {
  const rulesOf = async (tried: Schedule): Promise<ReadonlySet<string>> =>
    new Set((await run(tried)).violations.map(({ rule }) => rule));
  const rules = await rulesOf(schedule);
  const steps = await shortest(schedule.steps, async (fewer) =>
    [...(await rulesOf({ ...schedule, steps: fewer }))].some((rule) => rules.has(rule)),
  );
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

it(
  `a pool keeps its promises through ${count} schedules of trouble, from seed ${first}`,
  { timeout: 60_000 + count * 2_000 },
  async () => {
    for (let seed = first; seed < first + count; seed++) {
      const schedule = scheduleOf(seed);
      const { violations } = await run(schedule);
      if (violations.length > 0) expect.fail(await story(schedule));
    }
  },
);
