import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { sveltePlugin } from '../support/svelte-plugin.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Compiles the app of the browser suite for a server, and renders it in a process of its own, inside this package. */
async function rendered(render: string): Promise<unknown> {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.cache', 'svelte-'));
  try {
    await build({
      absWorkingDir: ROOT,
      stdin: { contents: render, resolveDir: join(ROOT, 'test/browser/pages') },
      outfile: join(folder, 'page.mjs'),
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
      plugins: [sveltePlugin('server')],
    });
    const output = execFileSync(process.execPath, [join(folder, 'page.mjs')], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 10_000,
    });
    return JSON.parse(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('on a server', () => {
  it('renders without a socket: no events, and the relays that there are; and the process is free to exit', async () => {
    const { body, dialled } = (await rendered(`
      import { render } from 'svelte/server';
      import App from './svelte/App.svelte';
      let dialled = 0;
      class WebSocket { constructor() { dialled++; } }
      globalThis.svelteApp = {};
      globalThis.requestAnimationFrame = () => {};
      const options = { relays: ['wss://relay.example'], WebSocket };
      const { body } = render(App, { props: { options } });
      setTimeout(() => console.log(JSON.stringify({ body, dialled })), 100);
    `)) as { body: string; dialled: number };
    expect(body).toContain('wss://relay.example/ disconnected');
    expect(body).toContain('<ol id="rune">');
    expect(body).not.toContain('<li>');
    expect(dialled).toBe(0);
  });

  it('says what is missing when no pool was set', async () => {
    const { message } = (await rendered(`
      import { render } from 'svelte/server';
      import Publisher from './svelte/Publisher.svelte';
      const say = ({ message }) => console.log(JSON.stringify({ message }));
      try { render(Publisher, { props: {} }).body; } catch (error) { say(error); }
    `)) as { message: string };
    expect(message).toContain('call setRelayPool({ relays }) in a component above this one');
  });
});
