import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { scenarioOf } from '../scenarios/all.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { readProfile, type Spent } from './read-profile.ts';
import type { RelayProcess } from './relay-process.ts';
import { runOne } from './run-in-turn.ts';

/** Where profiles go. */
const FOLDER = '.cache/bench';
const LINES = 25;

/** Records where a participant's time goes in a scenario; gives a text: the functions that take most of it, and all files. */
export async function profile(name: string, who: string, relays: RelayProcess): Promise<string> {
  const scenario = scenarioOf(name);
  const texts: string[] = [];
  for (const [index, of] of scenario.cases.entries()) {
    const file = `${name}${scenario.cases.length > 1 ? `-${index + 1}` : ''}`;
    const { spent, path } = await record(scenario, of, who, relays, file);
    texts.push(`${name}: ${of}, ${who} (${path})\n${summary(spent)}`);
  }
  return texts.join('\n\n');
}

/** Profiles one run of a participant into a file of this name. */
export async function record(
  scenario: Scenario,
  of: string,
  who: string,
  relays: RelayProcess,
  file: string,
): Promise<{ readonly spent: readonly Spent[]; readonly path: string; readonly cpu: number }> {
  const participant = scenario.participants(of).find(({ name }) => name === who);
  if (!participant) throw new RangeError(`Nobody is called '${who}' in scenario ${scenario.name}.`);
  const path = `${FOLDER}/${file}.cpuprofile`;
  mkdirSync(FOLDER, { recursive: true });
  // One of an earlier run would be taken for this one's, where this one dies.
  rmSync(path, { force: true });
  const { cpu, note } = await runOne(scenario, of, participant, relays, { profile: path });
  if (!existsSync(path)) throw new Error(`There is no profile: ${note}`);
  return { spent: readProfile(path), path, cpu };
}

function summary(spent: readonly Spent[]): string {
  const functions = new Map<string, number>();
  const files = new Map<string, number>();
  for (const { name, file, line, time } of spent) {
    add(functions, file ? `${name}  ${file}:${line}` : name, time);
    add(files, file || name, time);
  }
  const sum = spent.reduce((all, { time }) => all + time, 0);
  return `By function:\n${table(functions, sum)}\nBy file:\n${table(files, sum)}`;
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function table(times: ReadonlyMap<string, number>, sum: number): string {
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, LINES)
    .map(
      ([name, time]) =>
        `${((100 * time) / sum).toFixed(1).padStart(6)} %  ${(time / 1_000).toFixed(0).padStart(6)} ms  ${name}`,
    )
    .join('\n');
}
