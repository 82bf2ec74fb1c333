import { stripVTControlCharacters } from 'node:util';
import type { Latencies } from './latency.ts';
import { inColour, inNoColour, type Paint } from './paint.ts';
import { type Progress, renderBar, renderTable, type Row } from './table.ts';

/** What is shown of a run at one moment. */
export interface View {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly latencies: Latencies;
  readonly progress: Progress;
  /** By the clock of the statuses, in milliseconds. */
  readonly now: number;
}

/** Where a run is shown. */
export interface Screen {
  readonly paint: Paint;
  /** Shows how things stand. */
  show(view: View): void;
  /** Says what happened. */
  log(line: string): void;
  /** Shows how things stand for good; nothing is shown in place any more. */
  end(view?: View): void;
}

/** The part of a terminal that is used. */
export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const FALLBACK_WIDTH = 100;
/** Milliseconds between two lines about the progress where nothing can be shown in place. */
const PROGRESS_EVERY = 2_000;

const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
const ERASE_TO_END_OF_LINE = '\u001B[K';
const ERASE_BELOW = '\u001B[J';
const up = (lines: number): string => (lines > 0 ? `\r\u001B[${lines}A` : '\r');

/** A table in place where there is a terminal, plain lines elsewhere; colours unless NO_COLOR says no (no-color.org). */
export function openScreen(terminal: Terminal, environment: Environment): Screen {
  const isLive = terminal.isTTY === true && environment['TERM'] !== 'dumb';
  const paint = isLive && !environment['NO_COLOR'] ? inColour : inNoColour;
  return isLive ? new LiveScreen(terminal, paint) : new PlainScreen(terminal, paint);
}

/** Redraws over itself: one write a frame and nothing erased before it is overwritten, so nothing flickers. */
class LiveScreen implements Screen {
  /** The lengths of the lines that were drawn last. */
  #drawn: readonly number[] = [];
  #last: View | undefined;

  constructor(
    private readonly terminal: Terminal,
    readonly paint: Paint,
  ) {
    terminal.write(HIDE_CURSOR);
  }

  show(view: View): void {
    this.#last = view;
    this.terminal.write(this.#over([], this.#frame(view)));
  }

  log(line: string): void {
    this.terminal.write(this.#over([line], this.#last ? this.#frame(this.#last) : []));
  }

  end(view = this.#last): void {
    this.terminal.write(this.#over([], view ? this.#frame(view) : []) + SHOW_CURSOR);
    this.#drawn = [];
    this.#last = undefined;
  }

  /** Draws over the last frame: lines that stay, and the frame below them. */
  #over(staying: readonly string[], frame: readonly string[]): string {
    const width = this.terminal.columns ?? FALLBACK_WIDTH;
    // A terminal that became narrower has wrapped what was drawn.
    const rows = this.#drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / width)), 0);
    const start = up(Math.min(rows, this.#height - 1));
    this.#drawn = frame.map((line) => stripVTControlCharacters(line).length);
    return start + [...staying, ...frame].map((line) => `${line}${ERASE_TO_END_OF_LINE}\n`).join('') + ERASE_BELOW;
  }

  /** A frame that is higher than the terminal could not be drawn over. */
  #frame({ title, rows, latencies, progress, now }: View): readonly string[] {
    const width = (this.terminal.columns ?? FALLBACK_WIDTH) - 1;
    const table = renderTable(rows, latencies, now, width, this.paint);
    const bar = renderBar(progress, width, this.paint);
    return ['', this.paint('bold', title.slice(0, width)), '', ...table, '', bar].slice(-(this.#height - 1));
  }

  get #height(): number {
    return Math.max(2, this.terminal.rows ?? 24);
  }
}

/** For files and pipes: a line for all that happens, one for the progress now and then, and the table at the end. */
class PlainScreen implements Screen {
  #saidAt = -Infinity;
  #last: View | undefined;

  constructor(
    private readonly terminal: Terminal,
    readonly paint: Paint,
  ) {}

  show(view: View): void {
    this.#last = view;
    if (view.now - this.#saidAt < PROGRESS_EVERY) return;
    this.#saidAt = view.now;
    this.log(view.progress.text);
  }

  log(line: string): void {
    this.terminal.write(`${line}\n`);
  }

  end(view = this.#last): void {
    if (!view) return;
    this.log('');
    for (const line of renderTable(view.rows, view.latencies, view.now, FALLBACK_WIDTH, this.paint)) this.log(line);
    this.#last = undefined;
  }
}
