import { stripVTControlCharacters } from 'node:util';
import { inColour, inNoColour, type Paint } from './paint.ts';
import { type Progress, renderBar, renderTable, type Row } from './table.ts';

/** What is shown of a run at one moment. */
export interface View {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly progress: Progress;
  /** When the run began, and now: by the clock of the statuses, in milliseconds. */
  readonly begin: number;
  readonly now: number;
}

/** The time of a line, for a log. */
export function stamp(milliseconds: number): string {
  return `[${(milliseconds / 1_000).toFixed(1).padStart(5)} s]`;
}

/** Where a run is shown. */
export interface Screen {
  readonly paint: Paint;
  /** Whether somebody sits before it: a terminal, and not that of a machine that tests. */
  readonly isWatched: boolean;
  /** Shows how things stand. */
  show(view: View): void;
  /** Says what happened. */
  log(line: string): void;
  /** Lets what was shown last stand; whatever is said next comes below it. */
  end(): void;
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
  const isWatched = isLive && !environment['CI'];
  return isLive ? new LiveScreen(terminal, paint, isWatched) : new PlainScreen(terminal, paint);
}

/** Redraws over itself: one write a frame and nothing erased before it is overwritten, so nothing flickers. */
class LiveScreen implements Screen {
  /** The lengths of the lines that were drawn last. */
  #drawn: readonly number[] = [];
  #last: View | undefined;
  #isOver = false;

  constructor(
    private readonly terminal: Terminal,
    readonly paint: Paint,
    readonly isWatched: boolean,
  ) {
    terminal.write(HIDE_CURSOR);
  }

  show(view: View): void {
    if (this.#isOver) return;
    this.#last = view;
    this.terminal.write(this.#over([], this.#frame(view)));
  }

  log(line: string): void {
    this.terminal.write(this.#over([line], this.#last ? this.#frame(this.#last) : []));
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.terminal.write(SHOW_CURSOR);
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
  #frame({ title, rows, progress, begin, now }: View): readonly string[] {
    const width = (this.terminal.columns ?? FALLBACK_WIDTH) - 1;
    const heading = `${title}, ${((now - begin) / 1_000).toFixed(1)} s`.slice(0, width);
    const table = renderTable(rows, now, width, this.paint);
    const bar = renderBar(progress, width, this.paint);
    return ['', this.paint('bold', heading), '', ...table, '', bar].slice(-(this.#height - 1));
  }

  get #height(): number {
    return Math.max(2, this.terminal.rows ?? 24);
  }
}

/** For files and pipes: a line for all that happens, one for the progress now and then, and the table at the end. */
class PlainScreen implements Screen {
  readonly isWatched = false;
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
    this.log(`${stamp(view.now - view.begin)} ${view.progress.text}`);
  }

  log(line: string): void {
    this.terminal.write(`${line}\n`);
  }

  end(): void {
    const view = this.#last;
    this.#last = undefined;
    if (!view) return;
    this.log('');
    for (const line of renderTable(view.rows, view.now, Infinity, this.paint)) this.log(line);
  }
}
