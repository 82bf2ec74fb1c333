import { writeFileSync } from 'node:fs';
import { machine } from '../report/machine.ts';
import { short, table } from '../report/tables.ts';
import { scenarioOf } from '../scenarios/all.ts';
import { pageShares } from '../scenarios/page.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { partSizes, roomSizes } from '../scenarios/sizes.ts';
import { record } from './profile.ts';
import type { Spent } from './read-profile.ts';
import type { RelayProcess } from './relay-process.ts';

const REPORT = 'bench/SHARES.md';

/** Who is set side by side: the bare client, or what else ours is measured by, and ours. */
const PAIRS: readonly { readonly name: string; readonly of?: string; readonly who: readonly [string, string] }[] = [
  { name: 'a', who: ['raw', 'ours'] },
  { name: 'b', who: ['raw', 'ours'] },
  { name: 'c', who: ['nostr-wasm, once', 'ours'] },
  { name: 'd', who: ['raw', 'ours'] },
  { name: 'e', of: '200 subscriptions', who: ['raw', 'ours'] },
  { name: 'i', who: ['raw', 'ours, 200 sockets'] },
  { name: 'k1', who: ['raw', 'ours'] },
];

/** Milliseconds of one run. */
interface Shares {
  readonly parts: ReadonlyMap<string, number>;
  readonly thread: number;
  readonly cpu: number;
}

/** Profiles ours beside the bare client in each scenario of time, and writes where it goes by part; and what the bundle is made of. */
export async function shares(relays: RelayProcess): Promise<void> {
  const chapters = [
    '# Shares',
    'Written by `npm run bench -- --shares`: where the time goes, one profiled run each. Milliseconds of the whole run; profiling makes all of it slower. ' +
      '"Beside the thread" is what the process takes in other threads: the compiler, helpers of the garbage collector, workers. `JSON.parse` is part of what calls it: the protocol in ours, the client itself in raw.',
    `${machine()}; ${new Date().toISOString().slice(0, 10)}.`,
  ];
  for (const { name, of, who } of PAIRS) {
    const scenario = scenarioOf(name);
    const both = [await sharesOf(scenario, of, who[0], relays), await sharesOf(scenario, of, who[1], relays)] as const;
    const text = sideBySide(both, who);
    process.stdout.write(`\n${name}\n${text}\n`);
    chapters.push(`## ${name}: ${scenario.title}`, text);
  }
  const rooms = (await roomSizes()).map(({ room, minified }) => [room, short(minified / 1_000)]);
  chapters.push(
    '## h: The pool, by room',
    'Bundled from the sources, minified, kB of 1,000 bytes.',
    table(['', 'kB'], rooms),
  );
  const parts = (await partSizes()).map(({ name, minified, gzipped }) => [
    name,
    short(minified / 1_000),
    short(gzipped / 1_000),
  ]);
  chapters.push(
    '## h: The pool, by what it does',
    'Bundled from the sources, each line with those before it, kB of 1,000 bytes. Without the verifier, and without rxjs.',
    table(['', 'minified, kB', 'gzipped, kB'], parts),
  );
  const pages = (await pageShares(relays)).map(({ name, stall, work }) => [name, short(stall), short(work)]);
  chapters.push(
    '## j: Stalls of a page, and what its thread works at a stretch',
    'While a page is profiled. A stall that is longer than any stretch of work is not of the page’s own making: its thread was not given the processor, or Chromium put other messages first.',
    table(['', 'longest stall, ms', 'longest stretch of work, ms'], pages),
  );
  writeFileSync(REPORT, `${chapters.join('\n\n')}\n`);
}

async function sharesOf(
  scenario: Scenario,
  of = scenario.cases[0] ?? '',
  who: string,
  relays: RelayProcess,
): Promise<Shares> {
  const { spent, cpu } = await record(scenario, of, who, relays, 'shares');
  const parts = new Map<string, number>();
  let thread = 0;
  for (const each of spent) {
    const part = partOf(each);
    parts.set(part, (parts.get(part) ?? 0) + each.time / 1_000);
    thread += each.time / 1_000;
  }
  return { parts, thread, cpu };
}

function sideBySide([raw, ours]: readonly [Shares, Shares], names: readonly string[]): string {
  const parts = [...new Set([...ours.parts.keys(), ...raw.parts.keys()])];
  const row = (name: string, of: (shares: Shares) => number): readonly string[] => [
    name,
    short(of(raw)),
    short(of(ours)),
  ];
  const rows = parts
    .sort((a, b) => (ours.parts.get(b) ?? 0) - (ours.parts.get(a) ?? 0))
    .map((part) => row(part, ({ parts: all }) => all.get(part) ?? 0));
  return table(
    ['', ...names],
    [
      ...rows,
      row('**the thread**', ({ thread }) => thread),
      row('**beside the thread**', ({ thread, cpu }) => Math.max(0, cpu - thread)),
    ],
  );
}

/** Whose code it is. */
function partOf({ name, file }: Spent): string {
  if (name === '(garbage collector)') return 'garbage collector';
  if (name.startsWith('RegExp:')) return 'ours: protocol';
  if (file.startsWith('wasm:')) return 'WebAssembly';
  if (file.startsWith('src/internal/')) return 'RxJS';
  const [, room] = /^src\/([\w-]+)\//.exec(file) ?? [];
  if (room !== undefined) return `ours: ${room}`;
  if (/node_modules\/ws\//.test(file)) return 'ws';
  if (/node_modules\//.test(file)) return 'other packages';
  if (file === '' || file.startsWith('node:')) return 'Node and its sockets';
  return 'the client itself';
}
