import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import type { Snippet } from './snippets.ts';

/** How a process ended. */
interface Ending {
  /** The exit code, or in words why there is none. */
  readonly status: number | string;
  /** What it wrote to stderr. */
  readonly problems: string;
}

/** What one of several snippets in a process did. */
interface Trace {
  /** What it wrote to its console, stdout and stderr, until the process ended. */
  readonly printed: string;
  /** Whether it ran to the end of its code. */
  readonly ended: boolean;
}

/** Runs a snippet in a process of its own, which has 60 s to exit. The folder says what its imports mean. */
export async function runAlone(snippet: Snippet, folder: string): Promise<Ending> {
  return runFile(folder, await write(snippet, folder));
}

/**
 * Runs snippets as modules of one process, which has 60 s to exit, each with a console of its own; starting Node and loading the
 * package takes longer than most of them. What one of them throws does not keep the others from running; an error out of a callback,
 * as it would come to a user, ends the process and all of them with it.
 */
export async function runTogether(
  snippets: readonly Snippet[],
  folder: string,
): Promise<Ending & { readonly traces: readonly Trace[] }> {
  const files = await Promise.all(
    snippets.map((snippet, index) => write(snippet, folder, `const console = consoleOf(${index});`)),
  );
  const results = join(folder, 'traces.json');
  const main = `
    import { Console } from 'node:console';
    import { writeFileSync } from 'node:fs';
    import { Writable } from 'node:stream';
    const traces = Array.from({ length: ${files.length} }, () => ({ printed: '', ended: false }));
    globalThis.consoleOf = (index) => {
      const write = (chunk, _encoding, done) => ((traces[index].printed += chunk), done());
      return new Console(new Writable({ decodeStrings: false, write }));
    };
    process.on('exit', () => writeFileSync(${JSON.stringify(results)}, JSON.stringify(traces)));
    const load = async (file, index) => {
      try {
        await import('./' + file);
        traces[index].ended = true;
      } catch (error) {
        console.error(error);
        process.exitCode = 1;
      }
    };
    await Promise.all(${JSON.stringify(files)}.map(load));`;
  writeFileSync(results, '[]');
  writeFileSync(join(folder, 'together.mjs'), main);
  const ending = await runFile(folder, 'together.mjs');
  return { ...ending, traces: JSON.parse(readFileSync(results, 'utf8')) as Trace[] };
}

/** Writes it as JavaScript, named for where it stands, so that a stack trace says so; returns the name. */
async function write(snippet: Snippet, folder: string, banner = ''): Promise<string> {
  const { code } = await transform(snippet.code, { loader: 'ts', format: 'esm', target: 'es2022', banner });
  const name = `${snippet.file.replaceAll('/', '-')}-line-${snippet.line}.mjs`;
  writeFileSync(join(folder, name), code);
  return name;
}

function runFile(folder: string, name: string): Promise<Ending> {
  const child = spawn(process.execPath, [name], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000 });
  let problems = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (problems += text));
  return new Promise((done) => {
    child.on('error', (error) => done({ status: error.message, problems }));
    child.on('close', (status, signal) => done({ status: status ?? `${signal} after 60 s`, problems }));
  });
}
