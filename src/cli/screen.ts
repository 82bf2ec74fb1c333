import { interval, Subscription } from 'rxjs';
import type { Host } from './host.ts';
import { HIDE_CURSOR, LiveRegion, SHOW_CURSOR } from './live-region.ts';
import { type Paint, paintFor } from './paint.ts';
import { jsonLine } from './text.ts';

/** Milliseconds between two drawings of what goes on. */
const REDRAW_EVERY = 100;

/** What is drawn, given the number of the drawing and the size of the terminal. */
export type Drawing = (frame: number, width: number, height: number, paint: Paint) => readonly string[];

export interface ScreenOptions {
  /** Nothing but results and usage errors. */
  readonly quiet: boolean;
  readonly noColor: boolean;
  /** Results as JSON lines on a terminal too. */
  readonly json: boolean;
}

/**
 * Where a command says things: results on the standard output, as JSON lines unless people watch it; all else on the standard error output, with
 * what goes on drawn in place below it where that is a terminal.
 */
export class Screen {
  /** Whether what goes on can be drawn in place. */
  readonly isWatched: boolean;
  /** Whether results are for people. */
  readonly isForPeople: boolean;
  readonly paint: Paint;
  readonly #region: LiveRegion;
  readonly #notePaint: Paint;
  #drawing: Drawing | undefined;
  #live = Subscription.EMPTY;
  #frame = 0;

  constructor(
    private readonly host: Host,
    private readonly options: ScreenOptions,
  ) {
    const { stdout, stderr, env } = host;
    this.isWatched = stderr.isTTY === true && !options.quiet && env['TERM'] !== 'dumb';
    this.isForPeople = stdout.isTTY === true && !options.json;
    this.paint = paintFor(stdout, env, options.noColor);
    this.#notePaint = paintFor(stderr, env, options.noColor);
    this.#region = new LiveRegion(stderr);
  }

  /** Columns of the terminal that results are shown on. */
  get width(): number {
    return this.host.stdout.columns ?? 100;
  }

  /** A line of the result. */
  line(text: string): void {
    if (this.host.stdout.isTTY) this.#region.erase();
    this.host.stdout.write(`${text}\n`);
  }

  /** A value of the result, as JSON on one line. */
  json(value: unknown): void {
    this.line(jsonLine(value));
  }

  /** Something beside the result, such as trouble. */
  note(text: string): void {
    if (this.options.quiet) return;
    this.#region.erase();
    this.host.stderr.write(`${text}\n`);
  }

  /** Trouble with a relay, where nothing is drawn that tells of it. */
  trouble(relay: string, text: string): void {
    if (!this.isWatched) this.note(`${relay}: ${text}`);
  }

  /** Draws what goes on, from now on, where it can be drawn in place. */
  show(drawing: Drawing): void {
    if (!this.isWatched || this.#drawing) return;
    this.#drawing = drawing;
    const { stderr } = this.host;
    stderr.write(HIDE_CURSOR);
    const restore = this.host.atExit(() => stderr.write(SHOW_CURSOR));
    this.#live = interval(REDRAW_EVERY).subscribe(() => this.#draw());
    this.#live.add(() => {
      restore();
      stderr.write(SHOW_CURSOR);
    });
    this.#draw();
  }

  /** Draws it for the last time, and what is said next comes below it; or takes it away, where the result says the same. */
  done(isKept = true): void {
    if (!this.#drawing) return;
    if (isKept) this.#draw();
    else this.#region.erase();
    this.#region.leave();
    this.#drawing = undefined;
    this.#live.unsubscribe();
  }

  #draw(): void {
    const { columns = 80, rows = 24 } = this.host.stderr;
    const lines = this.#drawing?.(this.#frame++, columns - 1, rows - 1, this.#notePaint) ?? [];
    this.#region.draw(lines.slice(0, Math.max(1, rows - 1)));
  }
}
