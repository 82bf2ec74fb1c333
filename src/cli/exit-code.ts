/** What a run of the command line ends with, for scripts. */
export const ExitCode = {
  /** Every relay did what was asked. */
  ok: 0,
  /** Some relays did, some did not. */
  partial: 1,
  /** The command line or the input is wrong; nothing was sent. */
  usage: 2,
  /** No relay did: none could be reached, or none accepted. */
  nothing: 3,
  /** Something on this side failed: a file, a port. */
  local: 4,
  /** By Ctrl-C (SIGINT). */
  interrupted: 130,
  /** By SIGTERM. */
  terminated: 143,
} as const;

/** The code where so many of all have done what was asked. */
export function exitCodeOf(done: number, all: number): number {
  if (done === all) return ExitCode.ok;
  return done > 0 ? ExitCode.partial : ExitCode.nothing;
}

/** The command line, or what came on the standard input, is wrong: the message says what is right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something on this side failed that no relay is to blame for, as a file that cannot be written. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
}

/** What went wrong, for people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
