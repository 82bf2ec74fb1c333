import { readFileSync, writeFileSync } from 'node:fs';
import { guarded, type Results } from './targets.ts';

/** The ratios of the last whole run, that the guard compares with; committed. */
const FILE = 'bench/ratios.json';

export type Ratios = Readonly<Record<string, number>>;

function ratiosOf(results: Results): Ratios {
  return Object.fromEntries(
    guarded.flatMap((target) => {
      const reached = target.of(results);
      return Number.isNaN(reached) ? [] : [[target.ratio, Number(reached.toFixed(3))]];
    }),
  );
}

export function writeRatios(results: Results): void {
  writeFileSync(FILE, `${JSON.stringify(ratiosOf(results), undefined, 2)}\n`);
}

export function readRatios(): Ratios {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Ratios;
}
