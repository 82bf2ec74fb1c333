#!/usr/bin/env node
import { fstatSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fromEvent, Observable, ReplaySubject } from 'rxjs';
import { ExitCode } from './exit-code.ts';
import type { Host } from './host.ts';
import { run } from './run.ts';
import { splitLines } from './split-lines.ts';

/** From src/cli as from dist/node. */
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const { stdin, stdout, stderr } = process;

const stop$ = new ReplaySubject<void>(1);
const restores = new Set<() => void>();
let stoppedBy: number | undefined;

function stop(code: number): void {
  // Who asks twice does not want to wait.
  if (stoppedBy !== undefined) process.exit(code);
  stoppedBy = code;
  stop$.next();
  stop$.complete();
  stdin.destroy();
}

process.on('SIGINT', () => stop(128 + constants.signals.SIGINT));
process.on('SIGTERM', () => stop(128 + constants.signals.SIGTERM));
process.on('exit', () => {
  for (const restore of restores) restore();
});
// Who reads the output, as `head`, has enough: that is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') stderr.write(`The output cannot be written: ${error.message}\n`);
  if (stoppedBy === undefined) stop(error.code === 'EPIPE' ? ExitCode.ok : ExitCode.local);
});
stderr.on('error', () => undefined);

/** Whether there is something to read: /dev/null and what is closed do not count. */
function inputState(): Pick<Host['input'], 'isPiped' | 'mayBeIdle'> {
  try {
    const stats = fstatSync(0);
    return { isPiped: stats.isFIFO() || stats.isFile() || stats.isSocket(), mayBeIdle: stats.isSocket() };
  } catch {
    return { isPiped: false, mayBeIdle: false };
  }
}

const keys$ = new Observable<string>((subscriber) => {
  if (!stdin.isTTY) return subscriber.complete();
  const read = (keys: Buffer): void => {
    for (const key of keys.toString()) {
      // In this mode the terminal makes no signal of Ctrl-C.
      if (key === '\u0003') stop(ExitCode.interrupted);
      else subscriber.next(key);
    }
  };
  const restore = (): void => void stdin.setRawMode(false);
  stdin.setRawMode(true);
  restores.add(restore);
  stdin.on('data', read);
  return () => {
    stdin.off('data', read);
    restore();
    restores.delete(restore);
    stdin.pause();
  };
});

const host: Host = {
  stdout,
  stderr,
  input: { ...inputState(), lines: () => splitLines(stdin) },
  keys$,
  resized$: fromEvent(stdout, 'resize'),
  env: process.env,
  stop$,
  get stoppedBy() {
    return stoppedBy;
  },
  now: () => Date.now(),
  atExit: (restore) => {
    restores.add(restore);
    return () => restores.delete(restore);
  },
};

process.exitCode = await run(process.argv.slice(2), host, version);
// Whatever else may still come through it: nobody reads it any more.
stdin.destroy();
