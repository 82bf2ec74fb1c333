import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A page that is being served. */
export interface ServedPage {
  /** The address of the page, on loopback. */
  readonly url: string;
  /** Every file that went into the bundle, relative to the repository's root. */
  readonly inputs: readonly string[];
  close(): Promise<void>;
}

export interface PageOptions {
  /** What the page is sent with, such as a Content-Security-Policy. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What compiles what esbuild does not know. @default none */
  readonly plugins?: Plugin[];
}

/**
 * Bundles a TypeScript entry as an app would, `rx-relay-pool` being the built browser files by the package's own "exports", and
 * serves it with an empty page on loopback. The verifying worker is bundled beside it, where the page looks for it.
 */
export async function servePage(entry: string, { headers = {}, plugins = [] }: PageOptions = {}): Promise<ServedPage> {
  const worker = resolve(ROOT, 'dist/browser/verify-worker.js');
  if (!existsSync(worker))
    throw new Error('There is no dist/browser: run `npm run build` first, or `npm test`, which does.');
  const bundle = await build({
    absWorkingDir: ROOT,
    entryPoints: { page: resolve(ROOT, entry), 'verify-worker': worker },
    outdir: 'page',
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    // What is imported later is a file of its own.
    splitting: true,
    platform: 'browser',
    conditions: ['browser', 'import'],
    target: 'es2022',
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins,
  });
  const files = new Map(bundle.outputFiles.map((file) => [`/${basename(file.path)}`, file.contents]));
  const html = '<!doctype html><meta charset="utf-8"><title>page</title><script type="module" src="/page.js"></script>';

  const server = createServer((request, response) => {
    const script = files.get(request.url ?? '/');
    if (script) response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    else if (request.url === '/')
      response.writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8' }).end(html);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/`,
    inputs: Object.keys(bundle.metafile.inputs),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
