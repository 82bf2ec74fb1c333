import { el, panel, say, set } from './dom.ts';
import { milliseconds } from './format.ts';
import { nameOf } from './life.ts';
import { PickList } from './pick-list.ts';
import type { DashboardCall } from './source.ts';

/** Calls that are shown, the latest. */
const SHOWN = 100;

interface Row {
  readonly root: HTMLElement;
  readonly name: HTMLElement;
  readonly priority: HTMLElement;
  readonly took: HTMLElement;
}

/** The latest calls, of which one can be picked. While somebody is in the list, it holds still. */
export class CallList {
  readonly root: HTMLElement;
  readonly #list: PickList<Row>;
  readonly #note = el('p', { class: 'note' });
  #shown: readonly DashboardCall[] = [];

  constructor(picked: (call: string | undefined) => void) {
    const list = el('div', {
      class: 'list scroll',
      role: 'listbox',
      'aria-label': 'Requests: pick one to see its life',
    });
    this.#list = new PickList(list, makeRow, picked);
    this.root = panel('calls', 'Requests', list, this.#note);
  }

  draw(calls: readonly DashboardCall[], chosen: string | undefined): void {
    const latest = calls.slice(0, SHOWN);
    const known = new Map(calls.map((each) => [each.call, each]));
    const isHeld = this.#list.isBusy && this.#shown.length > 0;
    // What is held still may have ended meanwhile.
    this.#shown = isHeld ? this.#shown.map((each) => known.get(each.call) ?? each) : latest;
    const newest = this.#shown[0]?.call ?? 0;
    const fresh = latest.filter(({ call }) => call > newest).length;
    say(this.#note, noteOf(calls.length, isHeld ? fresh : 0));
    this.#list.show(
      this.#shown.map(({ call }) => `${call}`),
      chosen,
      (row, index) => {
        const call = this.#shown[index];
        if (call) drawRow(row, call);
      },
    );
  }
}

function noteOf(count: number, fresh: number): string {
  if (fresh > 0) return `${fresh} newer; the list holds still while you are in it.`;
  return count === 0 ? 'No requests yet.' : 'The latest first. Pick one to see its life.';
}

function makeRow(): Row {
  const name = el('span', { class: 'name' });
  const priority = el('span', { class: 'priority' });
  const took = el('span', { class: 'took number' });
  return {
    root: el('div', { class: 'row', role: 'option', tabindex: '-1' }, name, priority, took),
    name,
    priority,
    took,
  };
}

function drawRow(row: Row, call: DashboardCall): void {
  const name = nameOf(call);
  say(row.name, name);
  set(row.name, 'title', name);
  say(row.priority, call.priority);
  say(row.took, call.endedAt === undefined ? 'goes on' : milliseconds(call.endedAt - call.beganAt));
}
