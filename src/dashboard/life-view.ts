import type { ExplainedStep } from '../pool/explanation.ts';
import { el, panel, say, svg } from './dom.ts';
import { relayName } from './format.ts';
import { type Lane, type Life, lifeOf } from './life.ts';
import type { Explanation } from '../pool/explanation.ts';

type What = ExplainedStep['what'];

/** A shape for each step in a square of 12, so that colour is not all that tells them apart. */
const SHAPES: Readonly<Record<What, string>> = {
  chosen: 'M6 1 11 6 6 11 1 6Z',
  skipped: 'M1 5H11V7H1Z',
  left: 'M1 5H7V2L11 6 7 10V7H1Z',
  throttled: 'M2 1H5V11H2ZM7 1H10V11H7Z',
  sent: 'M2 1 11 6 2 11Z',
  answered: 'M6 1A5 5 0 1 1 6 11 5 5 0 1 1 6 1Z',
  late: 'M6 1 11.5 11H.5Z',
  refused: 'M2.5 1 6 4.5 9.5 1 11 2.5 7.5 6 11 9.5 9.5 11 6 7.5 2.5 11 1 9.5 4.5 6 1 2.5Z',
  lost: 'M1 1H11V11H1Z',
  gap: 'M1 1H4V3H3V9H4V11H1ZM11 1H8V3H9V9H8V11H11Z',
};
const LEGEND: readonly What[] = [
  'chosen',
  'skipped',
  'throttled',
  'sent',
  'answered',
  'late',
  'refused',
  'lost',
  'gap',
  'left',
];

/** The life of the call that was picked: a lane for each relay, over time. */
export class LifeView {
  readonly root: HTMLElement;
  readonly #title = el('p', { class: 'title' });
  readonly #axis = el('div', { class: 'axis', 'aria-hidden': 'true' });
  readonly #lanes = el('ol', { class: 'lanes' });
  #drawn: Explanation | undefined;

  constructor() {
    const scroll = el('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Life of the request' });
    scroll.append(this.#axis, this.#lanes);
    const legend = el('p', { class: 'legend' }, ...LEGEND.map((what) => el('span', {}, shape(what), what)));
    this.root = panel('life', 'Life of a request', this.#title, scroll, legend);
    this.clear('Pick a request to see which relays were considered, chosen, asked, and how that went.');
  }

  /** Says why there is nothing to see. */
  clear(why: string): void {
    this.#drawn = undefined;
    say(this.#title, why);
    this.#axis.replaceChildren();
    this.#lanes.replaceChildren();
  }

  draw(explanation: Explanation): void {
    if (isSame(explanation, this.#drawn)) return;
    this.#drawn = explanation;
    const { title, ticks, lanes }: Life = lifeOf(explanation);
    say(this.#title, title);
    this.#axis.replaceChildren(
      el('div', { class: 'times' }, ...ticks.map(({ at, label }) => placed(el('span', {}, label), at))),
    );
    this.#lanes.replaceChildren(...lanes.map(laneElement));
  }
}

function laneElement({ relay, spans, steps, text, outcome }: Lane): HTMLElement {
  const track = el('div', { class: 'lane-track', 'aria-hidden': 'true' });
  for (const { kind, from, to } of spans) {
    const span = placed(el('span', { class: `span ${kind}` }), from);
    span.style.width = `${(Math.max(0, to - from) * 100).toFixed(2)}%`;
    track.append(span);
  }
  for (const { what, at, why } of steps) {
    track.append(placed(el('span', { class: 'step', title: why === '' ? what : `${what}: ${why}` }, shape(what)), at));
  }
  return el(
    'li',
    { 'data-outcome': outcome },
    el('span', { class: 'name', title: relay }, relayName(relay)),
    el('div', { class: 'lane' }, track),
    el('p', { class: 'steps' }, text === '' ? 'considered' : text),
  );
}

function placed(element: HTMLElement, at: number): HTMLElement {
  element.style.left = `${(at * 100).toFixed(2)}%`;
  return element;
}

function shape(what: What): SVGElement {
  const path = svg('path', { d: SHAPES[what] });
  return svg(
    'svg',
    { class: `shape ${what}`, viewBox: '0 0 12 12', width: '12', height: '12', 'aria-hidden': 'true' },
    path,
  );
}

/** Whether there is nothing new to draw: steps are only ever added. */
function isSame(a: Explanation, b: Explanation | undefined): boolean {
  const stepsOf = ({ relays }: Explanation): number =>
    relays.reduce((sum, { steps, omitted }) => sum + steps.length + omitted, 0);
  return b !== undefined && a.call === b.call && a.endedAt === b.endedAt && stepsOf(a) === stepsOf(b);
}
