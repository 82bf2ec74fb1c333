import type { Results } from '../report/targets.ts';
import { caseTable } from '../report/tables.ts';
import { scenarios } from '../scenarios/all.ts';
import { pages } from '../scenarios/page.ts';
import type { Participant } from '../scenarios/scenario.ts';
import { sizes } from '../scenarios/sizes.ts';
import type { RelayProcess } from './relay-process.ts';
import { runInTurn, type Series } from './run-in-turn.ts';

/** What of the benchmark is run. */
export interface Selection {
  readonly isQuick: boolean;
  /** @default the scenario's own */
  readonly rounds?: number | undefined;
  readonly hasScenario: (name: string) => boolean;
  readonly hasParticipant: (participant: Participant) => boolean;
}

const PAGE_ROUNDS = 5;

/** Runs scenario by scenario, and prints each table as soon as it is there. */
export async function runAll(
  { isQuick, rounds, hasScenario, hasParticipant }: Selection,
  relays: RelayProcess,
): Promise<Results> {
  const series: Series[] = [];
  for (const scenario of scenarios.filter(({ name }) => hasScenario(name))) {
    const count = rounds ?? (isQuick ? 1 : scenario.rounds);
    const mine = await runInTurn(scenario, relays, { rounds: count, isQuick, hasParticipant });
    series.push(...mine);
    process.stdout.write(`\n${scenario.name}: ${scenario.title}\n`);
    for (const of of new Set(mine.map((each) => each.of)))
      process.stdout.write(`${of}\n${caseTable(of, mine, scenario)}\n`);
  }
  const weighed = hasScenario('h') ? await sizes() : [];
  if (hasScenario('j')) {
    const count = rounds ?? (isQuick ? 1 : PAGE_ROUNDS);
    series.push(...(await pages(relays, { rounds: count, isQuick, hasParticipant })));
  }
  return { series, sizes: weighed };
}
