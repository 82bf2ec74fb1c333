import { existsSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** What a function took by itself; without a file where it is none of a script. */
export interface Spent {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** Microseconds. */
  readonly time: number;
}

/** What each function took, in the sources where there is a source map; idling and the profiler's own start are left out. */
export function readProfile(path: string): readonly Spent[] {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8')) as Profile;
  const times = new Map<number, number>();
  samples.forEach((id, i) => times.set(id, (times.get(id) ?? 0) + (timeDeltas[i] ?? 0)));
  const maps = new Maps();
  return nodes.flatMap(({ id, callFrame }) => {
    const time = times.get(id) ?? 0;
    const name = callFrame.functionName || '(anonymous)';
    if (time === 0 || name === '(idle)' || (name === 'dispatch' && callFrame.url === '')) return [];
    return [{ name, ...maps.placeOf(callFrame), time }];
  });
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
