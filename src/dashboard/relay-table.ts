import { el, fill, panel, say, set } from './dom.ts';
import type { Level, RelayRow } from './model.ts';
import { PickList } from './pick-list.ts';

const COLUMNS = ['relay', 'state', 'breaker', 'load', 'score', 'EOSE p95', 'messages/s'] as const;
const TITLES: Readonly<Record<string, string>> = {
  breaker: 'circuit breaker: open while the relay fails too often',
  load: 'messages in flight of those allowed, and those that wait for their turn',
  score: 'what balanced routes think of it, 0 to 100',
  'EOSE p95': '95 of 100 requests have their stored events within this time',
};

interface Cells {
  readonly root: HTMLElement;
  readonly name: HTMLElement;
  readonly state: HTMLElement;
  readonly breaker: HTMLElement;
  readonly load: HTMLElement;
  readonly loadBar: HTMLElement;
  readonly score: HTMLElement;
  readonly scoreBar: HTMLElement;
  readonly p95: HTMLElement;
  readonly rate: HTMLElement;
}

/** The relays, one a line, of which one can be picked. */
export class RelayTable {
  readonly root: HTMLElement;
  readonly #list: PickList<Cells>;
  readonly #detail = el('p', { class: 'detail' });
  readonly #empty = el('p', { class: 'empty' }, 'No relays yet.');

  constructor(picked: (url: string | undefined) => void) {
    const head = el(
      'div',
      { class: 'row head', role: 'row' },
      ...COLUMNS.map((name) => el('span', { role: 'columnheader', title: TITLES[name] }, name)),
    );
    const body = el('div', { class: 'body', role: 'rowgroup' });
    const grid = el(
      'div',
      { class: 'grid scroll', role: 'grid', 'aria-label': 'Relays: pick one to see it alone' },
      el('div', { role: 'rowgroup', class: 'heads' }, head),
      body,
    );
    this.#list = new PickList(body, makeRow, picked);
    this.root = panel('relays', 'Relays', grid, this.#empty, this.#detail);
  }

  draw(rows: readonly RelayRow[], chosen: string | undefined, detail: string): void {
    this.#empty.hidden = rows.length > 0;
    say(this.#detail, detail);
    this.#list.show(
      rows.map(({ url }) => url),
      chosen,
      (cells, index) => {
        const row = rows[index];
        if (row) drawRow(cells, row);
      },
    );
  }
}

function makeRow(): Cells {
  const cell = (label: string, name: string, ...children: readonly Node[]): HTMLElement =>
    el('span', { class: `cell ${name}`, role: 'gridcell', 'data-label': label }, ...children);
  const text = (): HTMLElement => el('span', { class: 'text' });
  const bar = (): HTMLElement => el('span', { class: 'fill' });
  const track = (inside: HTMLElement): HTMLElement => el('span', { class: 'track', 'aria-hidden': 'true' }, inside);
  const [load, score] = [text(), text()];
  const [loadBar, scoreBar] = [bar(), bar()];
  const name = el('span', { class: 'cell name', role: 'rowheader' });
  const state = cell('state', 'state mark');
  const breaker = cell('breaker', 'breaker mark');
  const p95 = cell('p95', 'p95 number');
  const rate = cell('msg/s', 'rate number');
  const root = el(
    'div',
    { class: 'row', role: 'row', tabindex: '-1' },
    name,
    state,
    breaker,
    cell('load', 'load', load, track(loadBar)),
    cell('score', 'score', score, track(scoreBar)),
    p95,
    rate,
  );
  return { root, name, state, breaker, load, loadBar, score, scoreBar, p95, rate };
}

function drawRow(cells: Cells, row: RelayRow): void {
  say(cells.name, row.name);
  set(cells.name, 'title', row.url);
  mark(cells.state, row.state);
  mark(cells.breaker, row.breaker);
  say(cells.load, row.load.text);
  fill(cells.loadBar, row.load.share);
  say(cells.score, row.score === undefined ? '–' : `${row.score}`);
  fill(cells.scoreBar, Math.min(1, (row.score ?? 0) / 100));
  say(cells.p95, row.p95);
  say(cells.rate, row.rate);
}

function mark(cell: HTMLElement, { level, text }: { readonly level: Level; readonly text: string }): void {
  set(cell, 'data-level', level);
  say(cell, text);
}
