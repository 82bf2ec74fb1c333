import type { Alert, AlertLog } from './alert-log.ts';
import { el, panel, say, set } from './dom.ts';
import { timeOfDay } from './format.ts';

/** Rows, which are used again. */
const SHOWN = 50;
/** Milliseconds between two announcements: a screen reader has to get to the end of one. */
const SAID_EVERY = 3_000;
const WORDS: Readonly<Record<Alert['level'], string>> = { bad: 'problem', warning: 'warning', good: 'resolved' };

/** What happened, the latest first. */
export class AlertList {
  readonly root: HTMLElement;
  readonly #rows = Array.from({ length: SHOWN }, () => {
    const [time, level, text] = [el('time'), el('span', { class: 'level mark' }), el('span', { class: 'text' })];
    return { root: el('li', { hidden: true }, time, level, text), time, level, text };
  });
  readonly #live = el('p', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  readonly #empty = el('p', { class: 'empty' }, 'Nothing to report.');
  #shown = 0;
  #said = 0;
  #saidAt = -Infinity;

  constructor() {
    // It scrolls, so it can be reached by keyboard.
    const list = el('ol', { class: 'scroll', tabindex: '0', 'aria-label': 'Alerts, the latest first' });
    list.append(...this.#rows.map(({ root }) => root));
    this.root = panel('alerts', 'Alerts', list, this.#empty, this.#live);
  }

  /**
   * @param now - Milliseconds, for how often it speaks.
   * @returns whether there is something that it has still to say
   */
  draw({ alerts, count }: AlertLog, now: number): boolean {
    this.#announce(alerts, count, now);
    if (count !== this.#shown) {
      this.#shown = count;
      this.#empty.hidden = count > 0;
      this.#rows.forEach(({ root, time, level, text }, index) => {
        const alert = alerts[index];
        root.hidden = !alert;
        if (!alert) return;
        say(time, timeOfDay(alert.at));
        set(level, 'data-level', alert.level);
        say(level, WORDS[alert.level]);
        say(text, alert.text);
        set(root, 'title', alert.text);
      });
    }
    return this.#said < count;
  }

  #announce(alerts: readonly Alert[], count: number, now: number): void {
    const fresh = count - this.#said;
    const [latest] = alerts;
    if (fresh === 0 || !latest || now - this.#saidAt < SAID_EVERY) return;
    this.#said = count;
    this.#saidAt = now;
    say(this.#live, `${WORDS[latest.level]}: ${latest.text}${fresh > 1 ? `, and ${fresh - 1} more alerts` : ''}`);
  }
}
