import uPlot from 'uplot';
import { el, panel, say, set, svg } from './dom.ts';
import { milliseconds, timeOfDay } from './format.ts';
import { LATENCIES, type LatencyHistory, PERCENTILES, type PlotData, type PlottedLatency } from './history.ts';

const NAMES: Readonly<Record<PlottedLatency, string>> = {
  eose: 'stored events (EOSE)',
  firstEvent: 'first event',
  ok: 'publishing (OK)',
  connect: 'connecting',
};
/** Apart by their dashes and widths, too. */
const LINES: Readonly<
  Record<(typeof PERCENTILES)[number], { readonly dash: readonly number[]; readonly width: number }>
> = {
  p50: { dash: [], width: 2.5 },
  p95: { dash: [8, 4], width: 2 },
  p99: { dash: [2, 3], width: 2 },
};
const HEIGHT = 240;
/** Seconds of the time axis at first, while there is little to see. */
const LEAST_SPAN = 60;

/** p50, p95 and p99 over the last minutes, on a logarithmic scale: what is fast and what is slow can both be read. */
export class LatencyPlot {
  readonly root: HTMLElement;
  readonly #select: HTMLSelectElement;
  readonly #area = el('div', { class: 'plot', tabindex: '0', role: 'img' });
  readonly #time = el('span', { class: 'time' });
  readonly #values: readonly HTMLElement[];
  readonly #swatches: readonly SVGElement[];
  readonly #resized: ResizeObserver;
  #plot: uPlot | undefined;
  #data: PlotData = [[], [], [], []];
  #drawn = '';
  /** The reading that is looked at, by pointer or keyboard; undefined for the latest. */
  #at: number | undefined;

  constructor(changed: () => void) {
    const options = LATENCIES.map((of) => el('option', { value: of }, NAMES[of]));
    this.#select = el('select', { 'aria-label': 'Latency of' }, ...options);
    this.#select.addEventListener('change', changed);
    const items = PERCENTILES.map((name) => {
      const { dash, width } = LINES[name];
      const line = svg('line', {
        x1: '0',
        x2: '28',
        y1: '6',
        y2: '6',
        'stroke-width': `${width}`,
        'stroke-dasharray': dash.join(' '),
      });
      const swatch = svg('svg', { class: `swatch ${name}`, width: '28', height: '12', 'aria-hidden': 'true' }, line);
      const value = el('span', { class: 'value number' });
      return { swatch, value, root: el('span', { class: 'item' }, swatch, name, value) };
    });
    this.#swatches = items.map(({ swatch }) => swatch);
    this.#values = items.map(({ value }) => value);
    const legend = el('div', { class: 'plot-legend' }, ...items.map(({ root }) => root), this.#time);
    const of = el('label', { class: 'of' }, 'of ', this.#select);
    this.root = panel('latency', 'Latency', of, legend, this.#area);
    this.#area.addEventListener('keydown', (event) => this.#pressed(event));
    this.#area.addEventListener('blur', () => this.#look(undefined));
    this.#resized = new ResizeObserver(() => {
      const width = this.#area.clientWidth;
      if (width > 0 && this.#plot?.width !== width) this.#plot?.setSize({ width, height: HEIGHT });
    });
  }

  /** The element is in the document: from here on its size and its colours are known. */
  open(): void {
    if (this.#plot) return;
    this.#plot = new uPlot(this.#options(), [[], [], [], []], this.#area);
    this.#resized.observe(this.#area);
    this.#drawn = '';
  }

  close(): void {
    this.#resized.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  draw(history: LatencyHistory, relay: string | undefined): void {
    const of = LATENCIES.find((each) => each === this.#select.value) ?? 'eose';
    // The colours too: they may change at any time, and nobody tells.
    const colours = this.#swatches.map((swatch) => getComputedStyle(swatch).color).join();
    const key = `${history.count} ${of} ${relay} ${colours}`;
    if (!this.#plot || key === this.#drawn) return;
    this.#drawn = key;
    this.#data = history.plot(of, relay);
    this.#plot.setData(this.#data as uPlot.AlignedData);
    this.#read();
    const latest = PERCENTILES.map((name, index) => `${name} ${milliseconds(this.#valueAt(index))}`).join(', ');
    set(
      this.#area,
      'aria-label',
      `Latency of ${NAMES[of]} over the last five minutes; now ${latest}. Arrow keys read earlier values.`,
    );
  }

  #options(): uPlot.Options {
    const style = (element: Element): string => getComputedStyle(element).color;
    const axis: uPlot.Axis = {
      stroke: () => style(this.#time),
      grid: { stroke: () => getComputedStyle(this.#area).borderTopColor, width: 1 },
      ticks: { stroke: () => getComputedStyle(this.#area).borderTopColor, width: 1, size: 4 },
      font: '12px system-ui, sans-serif',
      labelFont: '12px system-ui, sans-serif',
      labelSize: 16,
      labelGap: 2,
    };
    return {
      width: Math.max(1, this.#area.clientWidth),
      height: HEIGHT,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { size: 7 } },
      scales: {
        x: { range: (_, min, max) => [Math.min(min, max - LEAST_SPAN), max] },
        y: { distr: 3, log: 10, range: (_, min, max) => decades(min, max) },
      },
      axes: [
        {
          ...axis,
          label: 'time',
          space: 90,
          size: 28,
          values: (_, times) => times.map((at) => timeOfDay(at * 1_000)),
        },
        {
          ...axis,
          label: 'ms, logarithmic',
          size: 46,
          splits: (_, __, min, max) => splits(min, max),
          filter: (_, values) => [...values],
          values: (_, values) => values.map((value) => (value >= 1_000 ? `${value / 1_000}k` : `${value}`)),
        },
      ],
      series: [
        {},
        ...PERCENTILES.map((name, index): uPlot.Series => {
          const swatch = this.#swatches[index];
          return {
            label: name,
            stroke: () => (swatch ? style(swatch) : 'gray'),
            width: LINES[name].width,
            dash: [...LINES[name].dash],
            points: { show: false },
            spanGaps: false,
          };
        }),
      ],
      hooks: { setCursor: [({ cursor }) => this.#pointed(cursor.idx)] },
    };
  }

  #pointed(index: number | null | undefined): void {
    this.#at = index ?? undefined;
    this.#read();
  }

  #pressed(event: KeyboardEvent): void {
    const last = this.#data[0].length - 1;
    const at = this.#at ?? last;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last, Escape: undefined };
    if (!(event.key in to) || last < 0) return;
    event.preventDefault();
    const index = to[event.key as keyof typeof to];
    this.#look(index === undefined ? undefined : Math.min(last, Math.max(0, index)));
  }

  /** Moves the cursor to a reading, or away. */
  #look(index: number | undefined): void {
    const time = index === undefined ? undefined : this.#data[0][index];
    const left = time === undefined ? -10 : (this.#plot?.valToPos(time, 'x') ?? -10);
    this.#plot?.setCursor({ left, top: time === undefined ? -10 : 10 });
    this.#pointed(index);
  }

  #valueAt(percentile: number): number | undefined {
    const line = this.#data[percentile + 1] ?? [];
    return line[Math.min(this.#at ?? Infinity, line.length - 1)] ?? undefined;
  }

  #read(): void {
    this.#values.forEach((value, index) => say(value, milliseconds(this.#valueAt(index))));
    const at = this.#at === undefined ? undefined : this.#data[0][this.#at];
    say(this.#time, at === undefined ? 'now' : `at ${timeOfDay(at * 1_000)}`);
  }
}

/** From a 1, 2 or 5 below the least value to one above the largest. */
function decades(min: number | null, max: number | null): [number, number] {
  const values = [min ?? 1, max ?? 1_000].map((value) => Math.max(0.1, value));
  const [least = 1, most = 1_000] = values;
  const all = splits(least / 5, most * 5);
  const low = all.filter((value) => value <= least).at(-1) ?? least;
  const high = all.find((value) => value >= most && value > low) ?? most;
  // At least a decade, or a flat line would look like a storm.
  return [low, Math.max(high, low * 10)];
}

/** 1, 2 and 5 times each power of ten in a range; of a wide one the powers alone. */
function splits(min: number, max: number): number[] {
  const factors = max / min > 2_000 ? [1] : [1, 2, 5];
  const powers: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) powers.push(power);
  return powers
    .flatMap((power) => factors.map((factor) => Number((factor * 10 ** power).toPrecision(3))))
    .filter((value) => value >= min * 0.999 && value <= max * 1.001);
}
