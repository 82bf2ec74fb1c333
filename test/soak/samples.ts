import type { Point } from './linear-fit.ts';
import { growth, type Growth, type GrowthBounds } from './linear-fit.ts';

/** What is measured each second, and what it may be, in its own unit. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  /** How much it may grow, a minute and over the whole run. */
  readonly bounds: GrowthBounds;
  /** How much there may be at any time: what leaks into something that is soon replaced grows no more than that. */
  readonly atMost?: number;
  readonly digits: number;
  read(): number;
}

export interface Row extends Growth {
  readonly measure: Measure;
  readonly first: number;
  readonly last: number;
  readonly most: number;
}

/** What was measured. It takes all of its memory at the start, so as not to grow itself. */
export class Samples {
  readonly #columns: readonly Float64Array[];
  readonly #minutes: Float64Array;
  #size = 0;

  constructor(
    private readonly measures: readonly Measure[],
    capacity: number,
  ) {
    this.#columns = measures.map(() => new Float64Array(capacity));
    this.#minutes = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  take(minutes: number): void {
    if (this.#size === this.#minutes.length) return;
    this.#minutes[this.#size] = minutes;
    this.measures.forEach((measure, index) => {
      const column = this.#columns[index];
      if (column) column[this.#size] = measure.read();
    });
    this.#size++;
  }

  rows(): readonly Row[] {
    return this.measures.map((measure, index) => {
      const values = [...(this.#columns[index] ?? [])].slice(0, this.#size);
      const points = values.map((value, at): Point => [this.#minutes[at] ?? 0, value]);
      const most = Math.max(...values);
      const grown = growth(points, measure.bounds);
      const isTooMuch = grown.isTooMuch || most > (measure.atMost ?? Infinity);
      return { measure, first: values[0] ?? 0, last: values.at(-1) ?? 0, most, ...grown, isTooMuch };
    });
  }
}

/** The table at the end. */
export function asTable(rows: readonly Row[]): string {
  const head = ['', 'first', 'last', 'most', 'a minute', '± error', 'in all', 'may grow by', 'may be', ''];
  const lines = rows.map(({ measure, first, last, most, slope, standardError, total, isTooMuch }) => {
    const { name, unit, bounds, atMost, digits } = measure;
    const numbers = [first, last, most, slope, standardError, total].map((number) => number.toFixed(digits));
    return [
      `${name}${unit && `, ${unit}`}`,
      ...numbers,
      `${bounds.slope}/min and ${bounds.total}`,
      `${atMost ?? ''}`,
      isTooMuch ? 'TOO MUCH' : 'ok',
    ];
  });
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all
    .map((line) =>
      line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    .join('\n');
}
