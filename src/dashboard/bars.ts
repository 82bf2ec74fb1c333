import { el, fill, panel, say } from './dom.ts';
import { PRIORITIES, type queueBars, type RegionBar } from './model.ts';
import { REGIONS } from './regions.ts';

interface Bar {
  readonly root: HTMLElement;
  readonly fills: readonly HTMLElement[];
  readonly numbers: readonly HTMLElement[];
}

/** A name, a bar of so many layers, and numbers beside it; of fixed size. */
function makeBar(name: string, layers: readonly string[], numbers: readonly string[]): Bar {
  const fills = layers.map((layer) => el('span', { class: `fill ${layer}` }));
  const cells = numbers.map((label) => el('td', { class: 'number', 'data-label': label }));
  const track = el('span', { class: 'track', 'aria-hidden': 'true' }, ...fills);
  const root = el('tr', {}, el('th', { scope: 'row' }, name), el('td', { class: 'bar' }, track), ...cells);
  return { root, fills, numbers: cells };
}

function makeTable(label: string, columns: readonly string[], bars: readonly Bar[]): HTMLElement {
  const head = el('tr', {}, ...columns.map((column) => el('th', { scope: 'col' }, column)));
  return el(
    'table',
    { class: 'bars', 'aria-label': label },
    el('thead', {}, head),
    el('tbody', {}, ...bars.map(({ root }) => root)),
  );
}

function drawBar({ fills, numbers }: Bar, shares: readonly number[], texts: readonly string[]): void {
  fills.forEach((each, index) => fill(each, shares[index] ?? 0));
  numbers.forEach((cell, index) => say(cell, texts[index] ?? ''));
}

/** What waits for its turn, by priority. */
export class QueueBars {
  readonly root: HTMLElement;
  readonly #bars = PRIORITIES.map((priority) => makeBar(priority, ['queued'], ['waiting', 'p95']));
  readonly #scale = el('p', { class: 'note' });

  constructor() {
    const table = makeTable('Messages that wait, by priority', ['priority', '', 'waiting', 'wait p95'], this.#bars);
    this.root = panel('queue', 'Queue depth', table, this.#scale);
  }

  draw({ scale, bars }: ReturnType<typeof queueBars>): void {
    this.#bars.forEach((bar, index) => {
      const drawn = bars[index];
      if (drawn) drawBar(bar, [drawn.share], [`${drawn.depth}`, drawn.wait]);
    });
    say(this.#scale, `A full bar: ${scale} that wait for their turn.`);
  }
}

/** Where the relays are. */
export class RegionBars {
  readonly root: HTMLElement;
  readonly #bars = REGIONS.map((region) => makeBar(region, ['all', 'up'], ['up / all', 'messages/s']));

  constructor() {
    const table = makeTable('Relays by region', ['region', '', 'up / all', 'msg/s'], this.#bars);
    const note = el('p', { class: 'note' }, 'By NIP-11 country. Green: connected.');
    this.root = panel('regions', 'Regions', table, note);
  }

  draw(bars: readonly RegionBar[]): void {
    this.#bars.forEach((bar, index) => {
      const drawn = bars[index];
      if (!drawn) return;
      bar.root.classList.toggle('none', drawn.relays === 0);
      drawBar(bar, [drawn.share, drawn.upShare], [`${drawn.up} / ${drawn.relays}`, drawn.rate]);
    });
  }
}
