import { chmodSync, readdirSync } from 'node:fs';
import { build } from 'esbuild';
import { defineConfig, type Options } from 'tsup';

/** What users import, by the name of its output file; see "exports" in package.json. */
const everywhere = {
  dashboard: 'src/dashboard/index.ts',
  index: 'src/index.ts',
  angular: 'src/angular/index.ts',
  react: 'src/react/index.ts',
  svelte: 'src/svelte/index.ts',
  outbox: 'src/durable-outbox/index.ts',
  'worker-pool': 'src/verifiers/worker-pool.ts',
};
const nodeOnly = {
  'dashboard-server': 'src/dashboard/serve-dashboard.node.ts',
  testing: 'src/testing/index.ts',
};
/** Started by URL from beside the file that starts it, so it keeps its name and is an ES module everywhere. */
const worker = { 'verify-worker': 'src/verifiers/verify-worker.ts' };

/**
 * `#fetch`, `#web-socket`, `#spawn-worker` and `#level-store` are resolved here, by the "imports" of package.json: the `node` condition picks the file
 * that imports `ws`, every other build gets the platform's own WebSocket. Dependencies stay imports.
 */
const esm = (platform: 'node' | 'browser', entry: Record<string, string>): Options => ({
  entry,
  outDir: `dist/${platform}`,
  platform,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  clean: true,
  removeNodeProtocol: false,
  // Shared code in shared files, so that a class is the same class whichever subpath it was imported from.
  splitting: true,
  esbuildOptions: (options) => {
    options.conditions = [platform];
  },
});

/**
 * CommonJS is made file by file from the ES modules. tsup's own splitting for CommonJS goes through sucrase, which turns every
 * `?.` of the hot path into calls and loses the source maps; no splitting would give each subpath its own copy of every class.
 */
async function commonJsFromEsm(): Promise<void> {
  const modules = readdirSync('dist/node').filter((name) => name.endsWith('.js') && !name.startsWith('verify-worker'));
  await build({
    entryPoints: modules.map((name) => `dist/node/${name}`),
    outdir: 'dist/node',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    platform: 'node',
    target: 'es2022',
    bundle: true,
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
    banner: { js: `'use strict';\nconst importMetaUrl = require('node:url').pathToFileURL(__filename).href;` },
    define: { 'import.meta.url': 'importMetaUrl' },
    plugins: [
      {
        name: 'siblings-stay-files',
        setup: (plugin) => {
          plugin.onResolve({ filter: /^\.\// }, ({ kind, path }) =>
            kind === 'entry-point' ? undefined : { path: path.replace(/\.js$/, '.cjs'), external: true },
          );
        },
      },
    ],
  });
}

/**
 * The command line is a program beside the library: it imports the built files as a user would, so nothing of it gets into their chunks, and they are
 * loaded when they are needed.
 */
async function commandLine(): Promise<void> {
  const publicFiles: Readonly<Record<string, string>> = {
    '../index.ts': './index.js',
    '../testing/index.ts': './testing.js',
    '../dashboard/serve-dashboard.node.ts': './dashboard-server.js',
  };
  await build({
    entryPoints: { cli: 'src/cli/main.ts' },
    outdir: 'dist/node',
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    bundle: true,
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
    plugins: [
      {
        name: 'the-library-stays-apart',
        setup: (plugin) => {
          plugin.onResolve({ filter: /^\.\.\// }, ({ path }) => {
            const file = publicFiles[path];
            return file === undefined
              ? { errors: [{ text: `The command line uses what users may: not ${path}` }] }
              : { path: file, external: true };
          });
        },
      },
    ],
  });
  chmodSync('dist/node/cli.js', 0o755);
}

export default defineConfig([
  {
    ...esm('node', { ...everywhere, ...nodeOnly, ...worker }),
    onSuccess: async () => {
      await commonJsFromEsm();
      await commandLine();
    },
  },
  esm('browser', { ...everywhere, ...worker }),
  // The script of the page that `serveDashboard` serves: all that it needs in one file.
  {
    ...esm('browser', { dashboard: 'src/dashboard/page.ts' }),
    outDir: 'dist/page',
    splitting: false,
    sourcemap: false,
    minify: true,
  },
  {
    entry: { ...everywhere, ...nodeOnly },
    outDir: 'dist/types',
    format: ['esm', 'cjs'],
    dts: { only: true },
    clean: true,
  },
]);
