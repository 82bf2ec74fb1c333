import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build as bundle, type Plugin } from 'esbuild';

/** Where the processes' scripts go: under bench/, so that they find its packages. */
export const BUILT = 'bench/.cache';
/** The prepared events. */
export const EVENTS = `${BUILT}/events.ndjson`;

/** Ours is what `npm run build` made, imported by its name. */
export const ourBuild = (platform: 'node' | 'browser'): Plugin => ({
  name: 'our-build',
  setup: (plugin) => {
    plugin.onResolve({ filter: /^rx-relay-pool(\/|$)/ }, ({ path }) => {
      const file = `dist/${platform}/${path.slice('rx-relay-pool/'.length) || 'index'}.js`;
      if (platform === 'node') return { path: pathToFileURL(file).href, external: true };
      return { path: `${process.cwd()}/${file}` };
    });
  },
});

/** Bundles the scripts of the processes; packages stay imports. */
export async function build(): Promise<void> {
  const clients = readdirSync('bench/clients').map((name) => name.replace('.mjs', ''));
  await bundle({
    entryPoints: {
      relays: 'bench/relay-process/relays.child.ts',
      client: 'bench/client-process/client.child.ts',
      ...Object.fromEntries(clients.map((name) => [`clients/${name}`, `bench/clients/${name}.mjs`])),
    },
    outdir: BUILT,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
    plugins: [ourBuild('node')],
  });
}
