import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scenarioOf } from '../scenarios/all.ts';
import type { RelayProcess } from './relay-process.ts';
import { runOne } from './run-in-turn.ts';

/** Where profiles go. */
const FOLDER = '.cache/bench';
const LINES = 25;

/** What is used of a .cpuprofile. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Records where a participant's time goes in a scenario; gives a text: the functions that take most of it, and all files. */
export async function profile(name: string, who: string, relays: RelayProcess): Promise<string> {
  const scenario = scenarioOf(name);
  const texts: string[] = [];
  mkdirSync(FOLDER, { recursive: true });
  for (const [index, of] of scenario.cases.entries()) {
    const participant = scenario.participants(of).find((each) => each.name === who);
    if (!participant) throw new RangeError(`Nobody is called '${who}' in scenario ${name}.`);
    const file = `${FOLDER}/${name}${scenario.cases.length > 1 ? `-${index + 1}` : ''}.cpuprofile`;
    const { note } = await runOne(scenario, of, participant, relays, { profile: file });
    if (!existsSync(file)) throw new Error(`There is no profile: ${note}`);
    texts.push(`${name}: ${of}, ${who} (${file})\n${summary(JSON.parse(readFileSync(file, 'utf8')) as Profile)}`);
  }
  return texts.join('\n\n');
}

function summary({ nodes, samples, timeDeltas }: Profile): string {
  const times = new Map<number, number>();
  samples.forEach((id, i) => times.set(id, (times.get(id) ?? 0) + (timeDeltas[i] ?? 0)));
  const functions = new Map<string, number>();
  const files = new Map<string, number>();
  const maps = new Maps();
  for (const { id, callFrame } of nodes) {
    const time = times.get(id) ?? 0;
    if (time === 0 || callFrame.functionName === '(idle)') continue;
    const { file, line } = maps.placeOf(callFrame);
    const where = file ? `  ${file}:${line}` : '';
    add(functions, `${callFrame.functionName || '(anonymous)'}${where}`, time);
    add(files, file || callFrame.functionName || '(native)', time);
  }
  const sum = [...functions.values()].reduce((all, time) => all + time, 0);
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

/** Leads from the built files to the sources. */
class Maps {
  readonly #maps = new Map<string, SourceMap | undefined>();

  placeOf({ url, lineNumber, columnNumber }: Profile['nodes'][number]['callFrame']): { file: string; line: number } {
    if (!url.startsWith('file:')) return { file: url, line: lineNumber + 1 };
    const entry = this.#mapOf(url)?.findEntry(lineNumber, columnNumber);
    if (entry && 'originalSource' in entry) {
      return { file: entry.originalSource.replace(/^(\.\.\/)+/, ''), line: entry.originalLine + 1 };
    }
    return { file: relative(process.cwd(), fileURLToPath(url)), line: lineNumber + 1 };
  }

  #mapOf(url: string): SourceMap | undefined {
    if (this.#maps.has(url)) return this.#maps.get(url);
    const file = `${fileURLToPath(url)}.map`;
    const map = existsSync(file)
      ? new SourceMap(JSON.parse(readFileSync(file, 'utf8')) as SourceMapPayload)
      : undefined;
    this.#maps.set(url, map);
    return map;
  }
}
