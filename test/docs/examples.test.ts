import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAlone, runTogether } from './run-snippets.ts';
import { snippetsOfMarkdown, snippetsOfSource, typeCheck, undocumentedExports } from './snippets.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What a user's import means; the same subpaths as in "exports" of package.json. */
const ENTRIES = {
  'rx-relay-pool': 'src/index.ts',
  'rx-relay-pool/angular': 'src/angular/index.ts',
  'rx-relay-pool/dashboard': 'src/dashboard/index.ts',
  'rx-relay-pool/dashboard-server': 'src/dashboard/serve-dashboard.node.ts',
  'rx-relay-pool/opentelemetry': 'src/opentelemetry/index.ts',
  'rx-relay-pool/outbox': 'src/durable-outbox/index.ts',
  'rx-relay-pool/react': 'src/react/index.ts',
  'rx-relay-pool/svelte': 'src/svelte/index.ts',
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
/** What is written by hand; docs/api is made of the docstrings. */
const documents = ['README.md', ...filesOf('docs', '.md').filter((file) => !file.startsWith('docs/api/'))];
const ofDocuments = documents.flatMap((file) => snippetsOfMarkdown(file, read(file)));
const pagesIn = (folder: string): string[] => filesOf(folder, '.md').filter((file) => !file.endsWith('/README.md'));
const guide = ['docs/getting-started.md', 'docs/concepts.md', ...pagesIn('docs/recipes')];
const pages = [...pagesIn('docs/operators'), 'docs/testing.md'];

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

describe('a block marked `ts run`', () => {
  it('stands where it is run: in README.md, in the guide, on an operator page or on that about testing', () => {
    const places = ['README.md', ...pages, ...guide];
    const elsewhere = [...ofSource, ...ofDocuments.filter(({ file }) => !places.includes(file))];
    expect(elsewhere.filter(({ run }) => run)).toEqual([]);
  });
});

describe('every exported name', () => {
  it('has a docstring with an example', { timeout: 120_000 }, () => {
    expect(undocumentedExports(ROOT, Object.values(ENTRIES))).toEqual([]);
  });
});

// Inside the package, where `rx-relay-pool` means the package itself: the built files, by its "exports".
mkdirSync(join(ROOT, '.cache'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.cache', 'examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a README block marked `ts run`', () => {
  const toRun = ofDocuments.filter(({ run, file }) => run && file === 'README.md');

  it('exists', () => expect(toRun).not.toEqual([]));

  it.for(toRun.map((snippet) => [`${snippet.file}:${snippet.line}`, snippet] as const))(
    '%s ends by itself and well',
    { timeout: 30_000 },
    async ([, snippet]) => expect(await runAlone(snippet, folder)).toEqual({ status: 0, problems: '' }),
  );
});

describe.for([
  ['an operator page, and that about testing,', pages],
  ['a page of the guide', guide],
] as const)('%s', ([, pages]) => {
  const toRun = ofDocuments.filter(({ run, file }) => run && pages.includes(file));
  let outcome: Awaited<ReturnType<typeof runTogether>>;
  beforeAll(async () => {
    outcome = await runTogether(toRun, folder);
  }, 70_000);

  it('exists', () => expect(pages).not.toEqual([]));

  it.for(pages)('%s has a block marked `ts run`', (page) => {
    expect(toRun.map(({ file }) => file)).toContain(page);
  });

  it('has blocks that end by themselves and well', () => {
    expect(outcome).toMatchObject({ status: 0, problems: '' });
  });

  it.for(toRun.map((snippet, index) => [`${snippet.file}:${snippet.line}`, snippet, index] as const))(
    '%s prints what the `text` block behind it says, to the letter',
    ([, { output }, index]) => {
      // One that is to show nothing shows nothing of what the operator does.
      expect(output ?? '').not.toBe('');
      expect(outcome.traces[index]).toEqual({ printed: `${output}\n`, ended: true });
    },
  );
});
