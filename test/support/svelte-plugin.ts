import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { compile } from 'svelte/compiler';

/** Compiles the components of a bundle by Svelte's own compiler. */
export function sveltePlugin(generate: 'client' | 'server'): Plugin {
  return {
    name: 'svelte',
    setup: (build) =>
      build.onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
        const { js, warnings } = compile(await readFile(path, 'utf8'), { filename: path, generate, css: 'injected' });
        return { contents: js.code, loader: 'js', warnings: warnings.map(({ message }) => ({ text: message })) };
      }),
  };
}
