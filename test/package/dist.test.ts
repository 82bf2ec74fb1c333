import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';
import { describe, expect, it, vi } from 'vitest';
import { signedEvents } from '../support/records.ts';

// These tests look at the built files: `npm test` builds first. They start processes, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const filesIn = (folder: string): string[] => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
const manifest = JSON.parse(read('package.json')) as { exports: Record<string, unknown>; bin: unknown };

/** Subpaths that each have a framework for a peer. */
const FRAMEWORKS = ['angular', 'react', 'svelte'];
/** The packages that a built file imports. */
const importsOf = (path: string): string[] =>
  ts
    .preProcessFile(read(path), true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('.'));

/** What a user's bundler would put into a page. */
async function bundle(code: string, platform: 'browser' | 'node', conditions: string[]): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    stdin: { contents: code, resolveDir: ROOT, loader: 'js' },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform,
    conditions,
    logLevel: 'silent',
  });
  return Object.keys(metafile.inputs);
}

/** Runs a script in a process of its own inside this package, where `rx-relay-pool` means the package itself. */
function runInNode(type: 'module' | 'commonjs', code: string): string {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.cache', 'package-'));
  const path = join(folder, type === 'module' ? 'script.mjs' : 'script.cjs');
  try {
    writeFileSync(path, code);
    return execFileSync(process.execPath, [path], { cwd: ROOT, encoding: 'utf8', timeout: 30_000 }).trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the browser build', () => {
  it.each([
    ['rx-relay-pool'],
    ['rx-relay-pool/angular'],
    ['rx-relay-pool/dashboard'],
    ['rx-relay-pool/opentelemetry'],
    ['rx-relay-pool/outbox'],
    ['rx-relay-pool/react'],
    ['rx-relay-pool/svelte'],
    ['rx-relay-pool/worker-pool'],
  ])('of %s never pulls in ws, level or a module of Node', async (name) => {
    const inputs = await bundle(`export * from '${name}';`, 'browser', ['browser', 'import']);
    expect(inputs.some((path) => path.startsWith('dist/browser/'))).toBe(true);
    expect(inputs.filter((path) => /node_modules\/(ws|.*level)\/|dist\/node\//.test(path))).toEqual([]);
  });

  it('has the compiled code in a file of its own, which only a dynamic import reaches', async () => {
    const code = filesIn('dist/browser').filter((path) => /built-\w+\.js$/.test(path));
    expect(code).toHaveLength(1);
    const { metafile } = await build({
      absWorkingDir: ROOT,
      stdin: { contents: "export * from 'rx-relay-pool';", resolveDir: ROOT, loader: 'js' },
      bundle: true,
      splitting: true,
      write: false,
      outdir: 'page',
      metafile: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['browser', 'import'],
      logLevel: 'silent',
    });
    const holders = Object.entries(metafile.outputs).filter(([, { inputs }]) => code[0] && inputs[code[0]]);
    expect(holders).toHaveLength(1);
    const importers = Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports.filter(({ path }) => path === holders[0]?.[0]),
    );
    expect(importers.map(({ kind }) => kind)).toEqual(['dynamic-import']);
  });

  it('of all but the dashboard has nothing of the dashboard, nor its plots', async () => {
    const isOfIt = (path: string): boolean => /dashboard|uplot/i.test(path);
    const names = ['rx-relay-pool', 'rx-relay-pool/outbox', 'rx-relay-pool/worker-pool'];
    const inputs = await bundle(names.map((name) => `export * from '${name}';`).join('\n'), 'browser', ['browser']);
    expect(inputs.filter(isOfIt)).toEqual([]);
    const others = filesIn('dist/browser').filter((path) => path.endsWith('.js') && !isOfIt(path));
    expect(others.length).toBeGreaterThan(3);
    expect(others.filter((path) => /uPlot|relay-pool-dashboard/.test(read(path)))).toEqual([]);
    expect(read('dist/browser/dashboard.js')).toContain('uPlot');
  });

  it('of the dashboard registers the element, also where nothing of it is used', async () => {
    const inputs = await bundle("import 'rx-relay-pool/dashboard';", 'browser', ['browser', 'import']);
    expect(inputs).toContain('dist/browser/dashboard.js');
  });

  it('has the page of the dashboard in one file, which imports nothing', () => {
    expect(filesIn('dist/page')).toEqual(['dist/page/dashboard.js']);
    const { importedFiles } = ts.preProcessFile(read('dist/page/dashboard.js'));
    expect(importedFiles).toEqual([]);
  });

  it('is what bundlers without a platform get', async () => {
    const inputs = await bundle("export * from 'rx-relay-pool';", 'browser', []);
    expect(inputs.filter((path) => /node_modules\/ws\//.test(path))).toEqual([]);
  });

  it('imports nothing but its files and the declared dependencies', () => {
    const imported = filesIn('dist/browser')
      .filter((path) => path.endsWith('.js') && !FRAMEWORKS.includes(basename(path, '.js')))
      .flatMap(importsOf);
    expect(imported).toContain('rxjs');
    expect([...new Set(imported)].filter((name) => !/^(rxjs$|nostr-tools\/|@opentelemetry\/api$)/.test(name))).toEqual(
      [],
    );
  });
});

describe('what is for a framework', () => {
  const built = ['dist/browser', 'dist/node'].flatMap(filesIn).filter((path) => /\.c?js$/.test(path));
  const peerOf = (name: string): RegExp => new RegExp(`^(@?${name})(/|$)`);

  it.each(FRAMEWORKS)('of %s is in its own file alone, which imports no other framework', (name) => {
    const importers = built.filter((path) => importsOf(path).some((imported) => peerOf(name).test(imported)));
    expect(importers.map((path) => path.replace(/^dist\//, '')).sort()).toEqual([
      `browser/${name}.js`,
      `node/${name}.cjs`,
      `node/${name}.js`,
    ]);
    const others = new RegExp(`^(rxjs|node:url|@?${name}(/.*)?)$`);
    expect(importers.flatMap(importsOf).filter((imported) => !others.test(imported))).toEqual([]);
  });

  it.each([...FRAMEWORKS, 'index'])('is not in a bundle of %s where it is another', async (name) => {
    const subpath = name === 'index' ? '' : `/${name}`;
    const inputs = await bundle(`export * from 'rx-relay-pool${subpath}';`, 'browser', ['browser', 'import']);
    const others = FRAMEWORKS.filter((other) => other !== name);
    const ofOthers = new RegExp(`^dist/browser/(${others.join('|')})\\.js$|^node_modules/@?(${others.join('|')})/`);
    expect(inputs.filter((path) => ofOthers.test(path))).toEqual([]);
  });

  it('of React says that it is for client components, where servers render others', () => {
    for (const path of ['dist/browser/react.js', 'dist/node/react.js']) {
      expect(read(path)).toMatch(/^['"]use client['"];/);
    }
  });

  it('is the same pool as that of the core: a class is not there twice', () => {
    const check = `import { RelayPool } from 'rx-relay-pool'; import { setRelayPool } from 'rx-relay-pool/svelte';
      import { render } from 'svelte/server';
      const pool = new RelayPool();
      render((renderer) => renderer.component(() => console.log(setRelayPool(pool) === pool))).body;`;
    expect(runInNode('module', check)).toBe('true');
  });
});

describe('the Node build', () => {
  const names = (variable: string): string => `console.log(Object.keys(${variable}).sort().join(' '))`;

  it.each([
    ['rx-relay-pool'],
    ['rx-relay-pool/angular'],
    ['rx-relay-pool/dashboard'],
    ['rx-relay-pool/dashboard-server'],
    ['rx-relay-pool/opentelemetry'],
    ['rx-relay-pool/outbox'],
    ['rx-relay-pool/react'],
    ['rx-relay-pool/svelte'],
    ['rx-relay-pool/testing'],
    ['rx-relay-pool/worker-pool'],
  ])('of %s has the same names for import and require', (name) => {
    const imported = runInNode('module', `import * as all from '${name}'; ${names('all')}`);
    const required = runInNode('commonjs', `const all = require('${name}'); ${names('all')}`);
    expect(imported).not.toBe('');
    expect(required).toBe(imported);
  });

  it('starts its worker from either', () => {
    const event = { id: 'a', pubkey: 'b', created_at: 1, kind: 1, tags: [], content: '', sig: 'c' };
    const verify = `const pool = workerPoolVerifier(); const alive = setInterval(() => {}, 1000);
      pool.verify([${JSON.stringify(event)}]).then(console.log, console.log).then(() => { pool.close(); clearInterval(alive); });`;
    const esm = `import { workerPoolVerifier } from 'rx-relay-pool/worker-pool'; ${verify}`;
    const cjs = `const { workerPoolVerifier } = require('rx-relay-pool/worker-pool'); ${verify}`;
    expect(runInNode('module', esm)).toBe('[ false ]');
    expect(runInNode('commonjs', cjs)).toBe('[ false ]');
  });

  it('verifies with WebAssembly, in this thread and in workers, from either', () => {
    // Nobody else keeps the process alive: it ends by itself, which workers must not prevent.
    const verify = `const events = JSON.parse(${JSON.stringify(JSON.stringify(signedEvents(40)))});
      const verifier = wasmVerifier(); const alive = setInterval(() => {}, 1000);
      const count = (verdicts) => verdicts.filter(Boolean).length;
      (async () => {
        const [few, more] = [await verifier.verify(events.slice(1, 9)), await verifier.verify(events)];
        console.log(count(few), count(more), verifier.batchSize);
        clearInterval(alive);
      })();`;
    const esm = `import { wasmVerifier } from 'rx-relay-pool'; ${verify}`;
    const cjs = `const { wasmVerifier } = require('rx-relay-pool'); ${verify}`;
    expect(runInNode('module', esm)).toBe('8 40 128');
    expect(runInNode('commonjs', cjs)).toBe('8 40 128');
  });

  it('of the outbox loads level when its store is opened, and says so where it is not installed', () => {
    const without = `import { register } from 'node:module';
      register('data:text/javascript,export const resolve=(s,c,n)=>{if(s==="level")throw Error("none");return n(s,c)}');
      const { levelOutboxStore } = await import('rx-relay-pool/outbox');
      await levelOutboxStore('never').entries().catch(({ code, message }) => console.log(code, message));`;
    expect(runInNode('module', without)).toMatch(/^store-failed .*npm install level$/);
  });

  it('serves the built page of the dashboard, from either', () => {
    const look = `.then(async (served) => {
      const script = await (await fetch(served.url + 'dashboard.js')).text();
      console.log(script.includes('relay-pool-dashboard'), script.length > 10_000);
      await served.close();
    });`;
    const serve = `const pool = new RelayPool(); serveDashboard(pool)${look}`;
    const esm = `import { RelayPool } from 'rx-relay-pool'; import { serveDashboard } from 'rx-relay-pool/dashboard-server'; ${serve}`;
    const cjs = `const { RelayPool } = require('rx-relay-pool'); const { serveDashboard } = require('rx-relay-pool/dashboard-server'); ${serve}`;
    expect(runInNode('module', esm)).toBe('true true');
    expect(runInNode('commonjs', cjs)).toBe('true true');
  });

  it('of the pool does not need level', async () => {
    const inputs = await bundle("export * from 'rx-relay-pool';", 'node', ['node', 'import']);
    expect(inputs.some((path) => path.startsWith('dist/node/'))).toBe(true);
    expect(inputs.filter((path) => /level/.test(path))).toEqual([]);
  });

  it('leaves a process free to exit after the import', () => {
    expect(runInNode('module', "import 'rx-relay-pool'; console.log('done')")).toBe('done');
  });
});

describe('the command line', () => {
  /** The sources of a built file and of all that it imports. */
  const sourcesOf = (path: string, seen = new Set<string>()): readonly string[] => {
    if (seen.has(path)) return [];
    seen.add(path);
    const { sources } = JSON.parse(read(`${path}.map`)) as { sources: string[] };
    const imported = ts
      .preProcessFile(read(path), true, true)
      .importedFiles.filter(({ fileName }) => fileName.startsWith('./'));
    return [...sources, ...imported.flatMap(({ fileName }) => sourcesOf(join(path, '..', fileName), seen))];
  };

  it('is in no file of the library, nor is a dashboard in the core', () => {
    const files = ['dist/node', 'dist/browser'].flatMap(filesIn).filter((path) => /\.c?js$/.test(path));
    const library = files.filter((path) => basename(path) !== 'cli.js');
    expect(library.length).toBeGreaterThan(10);
    expect(library.filter((path) => sourcesOf(path).some((source) => source.includes('/src/cli/')))).toEqual([]);
    for (const core of ['dist/node/index.js', 'dist/node/index.cjs', 'dist/browser/index.js']) {
      const sources = sourcesOf(core);
      expect(sources.some((source) => source.endsWith('/src/pool/relay-pool.ts'))).toBe(true);
      expect(sources.filter((source) => /\/src\/(cli|dashboard[^/]*|testing)\//.test(source))).toEqual([]);
    }
  });

  it('has nothing of the library in its own file, so that both are one', () => {
    const { sources } = JSON.parse(read('dist/node/cli.js.map')) as { sources: string[] };
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter((source) => !source.startsWith('../../src/cli/'))).toEqual([]);
  });
});

describe('what is published', () => {
  const packed = (): string[] => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [pack] = Object.values(JSON.parse(output) as Record<string, { files: { path: string }[] }>);
    return (pack?.files ?? []).map(({ path }) => path);
  };

  it('is the built files and no sources', () => {
    const files = packed();
    const targets = JSON.stringify([manifest.exports, manifest.bin]).match(/\.\/dist\/[^"]+/g) ?? [];
    expect(targets.length).toBeGreaterThan(10);
    expect(targets.filter((target) => !files.includes(target.slice(2)))).toEqual([]);
    expect(
      files.filter(
        (path) => !/^(dist\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$|NOTICE$|SECURITY\.md$)/.test(path),
      ),
    ).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'CHANGELOG.md', 'NOTICE', 'README.md']));
  });

  it('needs nothing from src', () => {
    const built = ['dist/node', 'dist/browser', 'dist/types']
      .flatMap(filesIn)
      .filter((path) => /\.(c?js|d\.c?ts)$/.test(path));
    const importsOfSource = /(from|import|require)\s*\(?\s*["'](#|[^"']*\/src\/|[^"']*\.ts["'])/;
    expect(built.filter((path) => importsOfSource.test(read(path)))).toEqual([]);
  });

  it('has source maps that carry the sources under relative paths', () => {
    const maps = ['dist/node', 'dist/browser'].flatMap(filesIn).filter((path) => path.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(5);
    for (const path of maps) {
      const map = JSON.parse(read(path)) as {
        sources: string[];
        sourceRoot?: string;
        sourcesContent: (string | null)[];
      };
      expect(map.sourceRoot ?? '').toBe('');
      // What is built in is named in NOTICE.
      expect(map.sources.filter((source) => !/^\.\.\/\.\.\/(src|node_modules\/uplot)\//.test(source))).toEqual([]);
      expect(map.sourcesContent).toHaveLength(map.sources.length);
      expect(map.sourcesContent).not.toContain(null);
    }
  });
});
