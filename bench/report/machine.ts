import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** The machine that the figures are of. */
export const machine = (): string =>
  `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB; Node ${process.version}, V8 ${process.versions.v8}`;

/** The versions that were measured, as the lockfile has them. */
export function versions(): string {
  const { dependencies } = JSON.parse(readFileSync('bench/package.json', 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return Object.entries(dependencies)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}
