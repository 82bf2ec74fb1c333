import type { Observable } from 'rxjs';

/** What is written to: a terminal, a pipe or a file. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** What the command line needs of the process that it runs in. */
export interface Host {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly input: {
    /** Whether something else than a terminal is at the standard input: a pipe or a file. */
    readonly isPiped: boolean;
    /** Whether it may be there by default, with nobody who writes to it: Node gives its child processes a socket that stays open. */
    readonly mayBeIdle: boolean;
    /** Its lines, as they come. */
    lines(): AsyncIterable<string>;
  };
  /** The keys that are pressed, while somebody listens; completes at once where there is no terminal. */
  readonly keys$: Observable<string>;
  /** The terminal has another size. */
  readonly resized$: Observable<unknown>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Emits once and completes when the run is to end early: Ctrl-C, SIGTERM, or nobody reads the output any more. */
  readonly stop$: Observable<void>;
  /** The code to end with for that; undefined before. */
  readonly stoppedBy: number | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back when the process exits, however it does; the result takes that back. */
  atExit(restore: () => void): () => void;
}
