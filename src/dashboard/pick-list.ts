import { set } from './dom.ts';

/**
 * Rows of which one can be picked: by a click, or by the keyboard, as the ARIA practices have it: one row takes part in the order of focus, arrows,
 * Home and End go to others, Enter and the space bar pick, Escape picks none. Rows are used again and never moved, so that nothing jumps.
 */
export class PickList<Row extends { readonly root: HTMLElement }> {
  readonly #rows: Row[] = [];
  #keys: readonly string[] = [];
  #active = 0;

  constructor(
    private readonly container: HTMLElement,
    private readonly makeRow: () => Row,
    private readonly picked: (key: string | undefined) => void,
  ) {
    container.addEventListener('keydown', (event) => this.#pressed(event));
  }

  /** Whether somebody is about to pick: then nothing should move below the pointer, or the focus. */
  get isBusy(): boolean {
    return this.container.matches(':hover, :has(:focus-visible)');
  }

  /** One row for each key. @param draw - Fills a row. */
  show(keys: readonly string[], chosen: string | undefined, draw: (row: Row, index: number) => void): void {
    this.#keys = keys;
    this.#active = Math.min(this.#active, Math.max(0, keys.length - 1));
    while (this.#rows.length < keys.length) this.#add();
    this.#rows.forEach((row, index) => {
      const { root } = row;
      const isShown = index < keys.length;
      if (root.hidden === isShown) root.hidden = !isShown;
      if (!isShown) return;
      set(root, 'aria-selected', `${keys[index] === chosen}`);
      set(root, 'tabindex', index === this.#active ? '0' : '-1');
      draw(row, index);
    });
  }

  #add(): void {
    const row = this.makeRow();
    const index = this.#rows.length;
    row.root.addEventListener('click', () => {
      this.#go(index);
      this.#pick(index);
    });
    this.#rows.push(row);
    this.container.append(row.root);
  }

  #pressed(event: KeyboardEvent): void {
    const last = this.#keys.length - 1;
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + 8,
      PageUp: this.#active - 8,
      Home: 0,
      End: last,
    };
    const step = steps[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || last < 0) return;
    if (step !== undefined) this.#go(Math.min(last, Math.max(0, step)));
    else if (event.key === 'Enter' || event.key === ' ') this.#pick(this.#active);
    else if (event.key === 'Escape') this.picked(undefined);
    else return;
    event.preventDefault();
  }

  #go(index: number): void {
    this.#active = index;
    this.#rows.forEach(({ root }, other) => set(root, 'tabindex', other === index ? '0' : '-1'));
    this.#rows[index]?.root.focus();
  }

  /** Who is picked already is let go. */
  #pick(index: number): void {
    const isPicked = this.#rows[index]?.root.getAttribute('aria-selected') === 'true';
    this.picked(isPicked ? undefined : this.#keys[index]);
  }
}
