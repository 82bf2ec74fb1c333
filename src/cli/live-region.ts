import type { Output } from './host.ts';
import { widthOf } from './text.ts';

export const HIDE_CURSOR = '\u001B[?25l';
export const SHOW_CURSOR = '\u001B[?25h';
export const ALTERNATE_SCREEN = '\u001B[?1049h';
export const NORMAL_SCREEN = '\u001B[?1049l';
export const TOP_LEFT = '\u001B[H';
export const ERASE_TO_END_OF_LINE = '\u001B[K';
export const ERASE_BELOW = '\u001B[J';

/** The last lines of a terminal, which are drawn over: one write a drawing, nothing erased before it is overwritten, so nothing flickers. */
export class LiveRegion {
  #widths: readonly number[] = [];

  constructor(private readonly terminal: Output) {}

  /** Draws over what was drawn last. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${ERASE_TO_END_OF_LINE}\n`).join('');
    this.terminal.write(this.#back() + text + ERASE_BELOW);
    this.#widths = lines.map(widthOf);
  }

  /** Takes away what was drawn last. */
  erase(): void {
    if (this.#widths.length === 0) return;
    this.terminal.write(this.#back() + ERASE_BELOW);
    this.#widths = [];
  }

  /** Lets what was drawn last stand for good. */
  leave(): void {
    this.#widths = [];
  }

  /** To where the last drawing begins; a terminal that became narrower has wrapped it. */
  #back(): string {
    const width = this.terminal.columns ?? 80;
    const rows = this.#widths.reduce((sum, each) => sum + Math.max(1, Math.ceil(each / width)), 0);
    const most = (this.terminal.rows ?? 24) - 1;
    return rows > 0 ? `\r\u001B[${Math.min(rows, most)}A` : '\r';
  }
}
