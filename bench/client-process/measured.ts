/** What one run of one client came to. */
export interface Measured {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of all threads of the client's process. */
  readonly cpu: number;
  /** The largest resident set so far, in bytes. */
  readonly memory: number;
  /** Different events delivered, or OKs, of those that there are. */
  readonly delivered: number;
  readonly expected: number;
  /** Events that were delivered again. */
  readonly again: number;
  /** What else a scenario measures, by name. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** In words: that it gave up, what it said. */
  readonly note?: string | undefined;
}
