import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The built command line: `npm test` builds first. */
const CLI = join(ROOT, 'dist/node/cli.js');
if (!existsSync(CLI)) throw new Error(`There is no ${CLI}: npm run build makes it.`);

/** A run that takes longer is killed, and its test fails for it. */
const MOST = 80_000;

export interface Ran {
  /** Null where it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What comes at the standard input, which is then closed. @default there is none */
  readonly input?: string;
  /** Nothing comes at the standard input, and it stays open. */
  readonly isInputOpen?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A process under way. */
export class Run {
  stdout = '';
  stderr = '';
  readonly done: Promise<Ran>;
  readonly #heard = new Set<() => void>();

  constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear(() => (this.stdout += text)));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear(() => (this.stderr += text)));
    // Who ends early does not read its input to the end.
    child.stdin?.on('error', () => undefined);
    const timer = setTimeout(() => child.kill('SIGKILL'), MOST);
    this.done = new Promise((resolve) => {
      child.on('close', (code) => {
        clearTimeout(timer);
        this.#hear(() => undefined);
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Waits until something is in the output; rejects where it ends without it. */
  async until(isThere: (run: Run) => boolean): Promise<void> {
    let isOver = false;
    void this.done.then(() => (isOver = true));
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (isThere(this)) resolve();
        else if (isOver) reject(new Error(`It ended before that:\n${this.stdout}\n${this.stderr}`));
        else return;
        this.#heard.delete(look);
      };
      this.#heard.add(look);
      void this.done.then(look);
      look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Presses keys. */
  type(keys: string): void {
    this.child.stdin?.write(keys);
  }

  #hear(take: () => void): void {
    take();
    for (const look of [...this.#heard]) look();
  }
}

const environment = (env: RunOptions['env']): NodeJS.ProcessEnv => {
  const { NO_COLOR: _, NOSTR_SECRET_KEY: __, ...rest } = process.env;
  return { ...rest, TERM: 'xterm-256color', ...env };
};

/** Starts the command line without a terminal. */
export function start(argv: readonly string[], { input, isInputOpen = false, env, cwd }: RunOptions = {}): Run {
  const stdio = [input === undefined && !isInputOpen ? 'ignore' : 'pipe', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, [CLI, ...argv], { stdio: [...stdio], env: environment(env), cwd });
  if (input !== undefined) child.stdin?.end(input);
  return new Run(child);
}

/** Runs it to its end. */
export function run(argv: readonly string[], options?: RunOptions): Promise<Ran> {
  return start(argv, options).done;
}

/** Runs a line of bash, where `rx` is the command line; it fails where a part of a pipe does. */
export function shell(line: string, { env, cwd }: RunOptions = {}): Run {
  const script = `set -o pipefail; rx() { exec '${process.execPath}' '${CLI}' "$@"; }\n${line}`;
  return new Run(spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'], env: environment(env), cwd }));
}

/** What makes pseudo-terminals here, `script` of util-linux. */
const hasTerminals = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;

/** Why tests in a terminal cannot run; undefined where they can. Where that is required (CI) they fail instead of being skipped. */
export const NO_TERMINAL = hasTerminals
  ? undefined
  : 'There is no `script` of util-linux, so nothing was tested in a terminal: on Debian, apt-get install bsdutils.';
if (NO_TERMINAL !== undefined) {
  if (process.env['CI']) throw new Error(NO_TERMINAL);
  process.stderr.write(`\n${'!'.repeat(100)}\n  TERMINAL TESTS SKIPPED. ${NO_TERMINAL}\n${'!'.repeat(100)}\n\n`);
}

/** Runs a line of bash in a terminal of its own, where `rx` is the command line; all of its output is in `stdout`. */
export function inTerminal(line: string, { env, cwd }: RunOptions = {}, columns = 100, rows = 30): Run {
  const setUp = `stty cols ${columns} rows ${rows}; rx() { '${process.execPath}' '${CLI}' "$@"; }; `;
  // It takes one string, which it hands to a shell.
  const child = spawn('script', ['-qec', `bash -c ${quoted(setUp + line)}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(env),
    cwd,
  });
  return new Run(child);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The lines of a text as JSON. */
export function jsonLines(text: string): Record<string, never>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Control characters but for the ends of lines. */
// eslint-disable-next-line no-control-regex -- those are what is looked for
export const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;
