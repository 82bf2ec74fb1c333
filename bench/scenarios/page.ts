import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build as bundle } from 'esbuild';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../../test/support/chromium.ts';
import type { Connect } from '../client-process/client.ts';
import type { Measured } from '../client-process/measured.ts';
import { within } from '../client-process/within.ts';
import { ourBuild } from '../runner/build.ts';
import type { RelayProcess } from '../runner/relay-process.ts';
import type { Rounds, Series } from '../runner/run-in-turn.ts';
import { verifying } from './participants.ts';
import type { Participant } from './scenario.ts';

const EVENTS = 10_000;
const QUICK_EVENTS = 1_000;
/** Milliseconds that ours may take to verify all; the others are watched for a part of that, which shows their stalls. */
const LIMIT = 60_000;
const PEERS_LIMIT = 5_000;
/** A new page is left alone until its thread was never away for long in so many milliseconds, or so many have passed. */
const QUIET = 500;
const PATIENCE = 5_000;

const PARTICIPANTS: readonly Participant[] = [{ name: 'raw', client: 'raw-platform', verify: 'no' }, ...verifying];

/** What is used of the profile of a page. */
interface BrowserProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string } }[];
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

/** Scenario j: pages of a Chromium take events while their main thread is asked, every few milliseconds, whether it is there. */
export async function pages(
  relays: RelayProcess,
  { rounds, isQuick, hasParticipant }: Rounds,
): Promise<readonly Series[]> {
  const events = isQuick ? QUICK_EVENTS : EVENTS;
  const runs = new Map(PARTICIPANTS.filter(hasParticipant).map((participant) => [participant, [] as Measured[]]));
  const browser = await launchChromium();
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [participant, measured] of runs) {
        const urls = await relays.open([{ stored: events }]);
        measured.push(
          await measure(browser, participant, urls, events).catch((error: unknown) => failed(events, error)),
        );
        await relays.close();
      }
    }
  } finally {
    await browser.close();
  }
  const of = `${events.toLocaleString('en')} events`;
  return [...runs].map(([participant, measured]) => ({ scenario: 'j', of, participant, runs: measured }));
}

/** How long the page's thread is away, and how long it works at a stretch, in milliseconds: the bare client and ours. */
export async function pageShares(
  relays: RelayProcess,
): Promise<readonly { readonly name: string; readonly stall: number; readonly work: number }[]> {
  const browser = await launchChromium();
  const all: { name: string; stall: number; work: number }[] = [];
  try {
    for (const participant of PARTICIPANTS.filter(({ name }) => name === 'raw' || name === 'ours')) {
      const urls = await relays.open([{ stored: EVENTS }]);
      const { numbers } = await measure(browser, participant, urls, EVENTS, true);
      await relays.close();
      all.push({
        name: participant.name,
        stall: numbers?.['longest stall'] ?? NaN,
        work: numbers?.['longest work'] ?? NaN,
      });
    }
  } finally {
    await browser.close();
  }
  return all;
}

async function measure(
  browser: Browser,
  { client, verify, name }: Participant,
  relays: readonly string[],
  events: number,
  isProfiled = false,
): Promise<Measured> {
  const served = await serve(client);
  const page = await browser.newPage();
  try {
    await page.goto(served.url);
    await page.waitForFunction(() => 'connect' in globalThis);
    const profiler = isProfiled ? await page.context().newCDPSession(page) : undefined;
    await profiler?.send('Profiler.enable');
    await profiler?.send('Profiler.start');
    const limit = name.startsWith('ours') || name === 'raw' ? LIMIT : PEERS_LIMIT;
    const work = page.evaluate(watch, { relays, verify, events, limit, quiet: QUIET, patience: PATIENCE });
    if (!(await within(work, 2 * LIMIT))) throw new Error(`no answer within ${(2 * LIMIT) / 1_000} s`);
    const { wall, delivered, longest } = await work;
    const recorded = await profiler?.send('Profiler.stop');
    const note = delivered < events ? `watched for ${Math.round(wall / 1_000)} s` : undefined;
    return {
      wall,
      cpu: NaN,
      memory: NaN,
      delivered,
      expected: events,
      again: 0,
      numbers: {
        'longest stall': longest,
        ...(recorded ? { 'longest work': longestStretch(recorded.profile) } : {}),
      },
      note,
    };
  } finally {
    await page.close();
    served.close();
  }
}

/** Milliseconds of scripts and of the garbage collector without a pause. */
function longestStretch({ nodes, samples = [], timeDeltas = [] }: BrowserProfile): number {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  let stretch = 0;
  let longest = 0;
  samples.forEach((id, i) => {
    const isWork = !['(idle)', '(program)', '(root)'].includes(names.get(id) ?? '');
    stretch = isWork ? stretch + (timeDeltas[i] ?? 0) / 1_000 : 0;
    longest = Math.max(longest, stretch);
  });
  return longest;
}

const HTML = '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>';

/** In the page. */
async function watch(asked: {
  readonly relays: readonly string[];
  readonly verify: Participant['verify'];
  readonly events: number;
  readonly limit: number;
  readonly quiet: number;
  readonly patience: number;
}): Promise<{
  readonly wall: number;
  readonly delivered: number;
  readonly longest: number;
}> {
  let delivered = 0;
  let longest = 0;
  let last = performance.now();
  let quietSince = last;
  let isOver = false;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    if (now - last > 15) quietSince = now;
    last = now;
    if (!isOver) setTimeout(look);
  };
  look();
  // What a new page does until it is painted is no stall of a client.
  const end = last + asked.patience;
  while (last < end && last - quietSince < asked.quiet) await new Promise((resolve) => setTimeout(resolve, 50));
  longest = 0;
  const start = performance.now();
  const { connect } = globalThis as unknown as { readonly connect: Connect };
  const client = await connect({ relays: asked.relays, verify: asked.verify });
  await new Promise<void>((resolve) => {
    setTimeout(resolve, asked.limit);
    const onEvent = (): void => void (++delivered === asked.events && resolve());
    client.live({ kinds: [1], limit: asked.events }, onEvent, () => undefined);
  });
  const wall = performance.now() - start;
  // The last stall, if it lasts until now.
  await new Promise((resolve) => setTimeout(resolve));
  look();
  isOver = true;
  return { wall, delivered, longest };
}

/** A page with a client in it. */
async function serve(client: string): Promise<{ readonly url: string; close(): void }> {
  const contents = `import { connect } from './${client}.mjs'; globalThis.connect = connect;`;
  const { outputFiles } = await bundle({
    stdin: { contents, resolveDir: 'bench/clients', loader: 'js' },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    external: ['node:*'],
    logLevel: 'error',
    plugins: [ourBuild('browser')],
  });
  const script = outputFiles[0]?.contents;
  const server = createServer((request, response) => {
    if (request.url === '/page.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    else if (request.url === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(HTML);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function failed(expected: number, error: unknown): Measured {
  return { wall: NaN, cpu: NaN, memory: NaN, delivered: 0, expected, again: 0, note: String(error) };
}
