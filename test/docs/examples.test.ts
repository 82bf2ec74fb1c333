import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { type Snippet, snippetsOfMarkdown, snippetsOfSource, typeCheck, undocumentedExports } from './snippets.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What a user's import means; the same subpaths as in "exports" of package.json. */
const ENTRIES = {
  'rx-relay-pool': 'src/index.ts',
  'rx-relay-pool/testing': 'src/testing/index.ts',
  'rx-relay-pool/worker-pool': 'src/verifiers/worker-pool.ts',
};

const filesOf = (folder: string, extension: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => `${folder}/${name}`)
    .sort();
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const ofSource = filesOf('src', '.ts').flatMap((file) => snippetsOfSource(file, read(file)));
const ofDocuments = ['README.md', ...filesOf('docs', '.md')].flatMap((file) => snippetsOfMarkdown(file, read(file)));

describe('every example', () => {
  it('is found: there are some in the sources and in README.md', () => {
    expect(ofSource.length).toBeGreaterThan(0);
    expect(ofDocuments.some(({ file }) => file === 'README.md')).toBe(true);
  });

  it('compiles against the sources', { timeout: 120_000 }, () => {
    const paths = Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, [`./${file}`]]));
    expect(typeCheck(ROOT, [...ofSource, ...ofDocuments], paths)).toEqual([]);
  });
});

describe('every exported name', () => {
  it('has a docstring with an example', { timeout: 120_000 }, () => {
    expect(undocumentedExports(ROOT, Object.values(ENTRIES))).toEqual([]);
  });
});

describe('a README block marked `ts run`', () => {
  // Inside the package, where `rx-relay-pool` means the package itself: the built files, by its "exports".
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.cache', 'examples-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const toRun = ofDocuments.filter(({ run, file }) => run && file === 'README.md');

  it('exists', () => expect(toRun).not.toEqual([]));

  it.for(toRun.map((snippet) => [`${snippet.file}:${snippet.line}`, snippet] as const))(
    '%s ends by itself and well',
    { timeout: 30_000 },
    async ([, snippet]) => expect(await run(snippet, folder)).toEqual({ status: 0, problems: '' }),
  );
});

/** Runs a snippet in a process of its own, which has 20 s to exit. */
async function run(snippet: Snippet, folder: string): Promise<{ status: number | string; problems: string }> {
  const { code } = await transform(snippet.code, { loader: 'ts', format: 'esm', target: 'es2022' });
  const path = join(folder, `line-${snippet.line}.mjs`);
  writeFileSync(path, code);
  const child = spawn(process.execPath, [path], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000 });
  let problems = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (problems += text));
  return new Promise((done) => {
    child.on('error', (error) => done({ status: error.message, problems }));
    child.on('close', (status, signal) => done({ status: status ?? `${signal} after 20 s`, problems }));
  });
}
