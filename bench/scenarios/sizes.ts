import { gzipSync } from 'node:zlib';
import { relative } from 'node:path';
import { build as bundle, type Metafile } from 'esbuild';
import { ourBuild } from '../runner/build.ts';

/** What a program weighs that is bundled for a browser: bytes, minified, and gzipped. */
export interface Size {
  readonly name: string;
  readonly minified: number;
  readonly gzipped: number;
}

interface Program {
  readonly name: string;
  readonly code: string;
  /** Packages that are left out, besides rxjs. */
  readonly without?: readonly string[];
}

const ASK = "['wss://relay.example'], { kinds: [1] }";

/** The smallest useful program: it prints new notes of one relay. */
const PROGRAMS: readonly Program[] = [
  {
    name: 'raw',
    code: `const socket = new WebSocket('wss://relay.example'); const seen = new Set();
      socket.onopen = () => socket.send('["REQ","1",{"kinds":[1]}]');
      socket.onmessage = ({ data }) => { const [verb, , event] = JSON.parse(data);
        if (verb === 'EVENT' && !seen.has(event.id)) { seen.add(event.id); console.log(event); } };`,
  },
  {
    name: 'ours: the pool',
    code: `import { RelayPool } from 'rx-relay-pool';
      new RelayPool({ relays: ['wss://relay.example'] }).subscribe({ kinds: [1] }).subscribe(console.log);`,
  },
  {
    name: 'ours: the pool, without its verifier',
    without: ['nostr-tools'],
    code: `import { RelayPool } from 'rx-relay-pool';
      new RelayPool({ relays: ['wss://relay.example'] }).subscribe({ kinds: [1] }).subscribe(console.log);`,
  },
  {
    name: 'ours: relay(url) alone, without a verifier',
    without: ['nostr-tools'],
    code: `import { switchMap } from 'rxjs'; import { relay } from 'rx-relay-pool';
      relay('wss://relay.example').pipe(switchMap((connection) => connection.subscribe({ kinds: [1] }))).subscribe(console.log);`,
  },
  {
    name: 'nostr-tools',
    code: `import { SimplePool } from 'nostr-tools/pool';
      new SimplePool().subscribe(${ASK}, { onevent: console.log });`,
  },
  {
    name: 'rx-nostr',
    code: `import { createRxForwardReq, createRxNostr, uniq } from 'rx-nostr'; import { verifier } from '@rx-nostr/crypto';
      const rxNostr = createRxNostr({ verifier }); rxNostr.setDefaultRelays(['wss://relay.example']);
      const rxReq = createRxForwardReq(); rxNostr.use(rxReq).pipe(uniq()).subscribe(console.log); rxReq.emit({ kinds: [1] });`,
  },
  {
    name: 'applesauce, with an EventStore that verifies',
    code: `import { EventStore } from 'applesauce-core'; import { RelayPool } from 'applesauce-relay';
      new RelayPool().subscription(${ASK}, { eventStore: new EventStore() }).subscribe(console.log);`,
  },
  {
    name: 'ndk',
    code: `import NDK from '@nostr-dev-kit/ndk';
      const ndk = new NDK({ explicitRelayUrls: ['wss://relay.example'] }); void ndk.connect();
      ndk.subscribe({ kinds: [1] }, {}, { onEvent: console.log });`,
  },
  {
    name: 'welshman',
    code: `import { request } from '@welshman/net';
      void request({ relays: ['wss://relay.example'], filters: [{ kinds: [1] }], onEvent: console.log });`,
  },
  {
    name: 'nostrify',
    code: `import { NPool, NRelay1 } from '@nostrify/nostrify';
      const pool = new NPool({ open: (url) => new NRelay1(url), reqRouter: (filters) => new Map([['wss://relay.example', filters]]),
        eventRouter: () => [] });
      for await (const message of pool.req([{ kinds: [1] }])) console.log(message);`,
  },
];

/** How a program is bundled. */
const FOR_A_PAGE = {
  bundle: true,
  minify: true,
  metafile: true,
  // What is imported later is a file of its own, and no part of the first load.
  splitting: true,
  outdir: 'page',
  write: false,
  platform: 'browser',
  format: 'esm',
  target: 'es2022',
  logLevel: 'error',
} as const;

/** Each module that was put in has one of its own; in a program that has rxjs in it there are none. */
const RXJS_IMPORT = /import\s*(?:[\w$*{][^'"]*from\s*)?["']rxjs(?:\/\w+)?["'];?/g;

export async function sizes(): Promise<readonly Size[]> {
  const all: Size[] = [];
  for (const { name, code, without = [] } of PROGRAMS) {
    const { outputFiles, metafile } = await bundle({
      stdin: { contents: code, resolveDir: 'bench', loader: 'js' },
      ...FOR_A_PAGE,
      external: ['rxjs', 'rxjs/*', 'node:*', ...without.flatMap((each) => [each, `${each}/*`])],
      plugins: [ourBuild('browser')],
    });
    const first = loadedFirst(metafile, 'page/stdin.js');
    const files = outputFiles.filter(({ path }) => first.has(relative('.', path))).map(({ text }) => text);
    const bytes = Buffer.from(files.join('').replace(RXJS_IMPORT, ''));
    all.push({ name, minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length });
  }
  return all;
}

/** What no client can do without that keeps our promises, one more with each line, and then what we have beyond that. */
const PARTS: readonly { readonly name: string; readonly code: string }[] = [
  {
    name: 'frames are read and checked, filters matched, URLs normalised',
    code: `export { peekFrame } from './src/protocol/frame.ts'; export { asNostrEvent, expiresAt } from './src/protocol/event.ts';
      export { parseRelayMessage, encodeReq, encodeClose, encodeEvent, encodeAuth } from './src/protocol/message.ts';
      export { compileFilters, normalizeFilters } from './src/protocol/filter.ts'; export { relayUrl } from './src/protocol/relay-url.ts';`,
  },
  {
    name: '+ a socket, reconnected with backoff',
    code: `export { socket } from './src/sources/socket.ts'; export { reconnect } from './src/operators/reconnect.ts';`,
  },
  {
    name: '+ each event once, verified, whoever sends it',
    code: `export { Verification } from './src/verifiers/verification.ts'; export { SeenIds } from './src/policies/seen-ids.ts';`,
  },
  {
    name: '+ breaker, queue, timeout and latencies of a relay',
    code: `export { RelayHealth } from './src/pool/health.ts'; export { pipelineStages } from './src/pool/pipeline.ts';`,
  },
  {
    name: '+ the connection: REQ, COUNT, AUTH, limits on what a relay sends',
    code: `export { relay } from './src/sources/relay.ts';`,
  },
  {
    name: '+ requests: routes, sharing, paging, resuming, gaps, explanations',
    code: `export { packets } from './src/pool/requests.ts'; export { Registry } from './src/pool/registry.ts';`,
  },
  { name: '+ publish', code: `export { publish } from './src/pool/publish.ts';` },
  { name: '+ count and sync, clusters, metrics: the pool', code: `export { RelayPool } from './src/index.ts';` },
];

/** What these parts come to, each with those before it, without packages and without what is loaded later. */
export async function partSizes(): Promise<readonly Size[]> {
  const all: Size[] = [];
  for (const [index, { name }] of PARTS.entries()) {
    const { outputFiles } = await bundle({
      stdin: {
        contents: PARTS.slice(0, index + 1)
          .map(({ code }) => code)
          .join('\n'),
        resolveDir: '.',
      },
      ...FOR_A_PAGE,
      conditions: ['browser'],
      packages: 'external',
    });
    const first = outputFiles.find(({ path }) => path.endsWith('page/stdin.js'));
    const bytes = first?.contents ?? new Uint8Array();
    all.push({ name, minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length });
  }
  return all;
}

/** What the pool is made of, by the folders of its sources; without what it loads later, and without packages. */
export async function roomSizes(): Promise<readonly { readonly room: string; readonly minified: number }[]> {
  const { metafile } = await bundle({
    stdin: { contents: "import { RelayPool } from './src/index.ts'; console.log(RelayPool);", resolveDir: '.' },
    ...FOR_A_PAGE,
    conditions: ['browser'],
    packages: 'external',
  });
  const rooms = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(metafile.outputs['page/stdin.js']?.inputs ?? {})) {
    const [, room] = /^src\/([\w-]+)\//.exec(file) ?? [];
    if (room !== undefined) rooms.set(room, (rooms.get(room) ?? 0) + bytesInOutput);
  }
  return [...rooms].map(([room, minified]) => ({ room, minified })).sort((a, b) => b.minified - a.minified);
}

/** A file and those that it cannot start without. */
function loadedFirst(metafile: Metafile, path: string, files = new Set<string>()): ReadonlySet<string> {
  if (files.has(path)) return files;
  files.add(path);
  for (const { path: imported, kind, external } of metafile.outputs[path]?.imports ?? []) {
    if (kind !== 'dynamic-import' && !external) loadedFirst(metafile, imported, files);
  }
  return files;
}
