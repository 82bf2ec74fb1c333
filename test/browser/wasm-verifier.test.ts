import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fakeEvent, signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import type { ServedPage } from '../support/page-server.ts';
import { quickEvents } from '../support/quick-events.ts';
import { LibraryPage, serveLibrary } from './support/library-page.ts';
import { mainThreadOf } from './support/main-thread.ts';

/** PAINS 30: no stall of the page over 50 ms while events come in. */
const LONGEST_STALL_MS = 50;
const EVENTS = 10_000;
/** The file of the compiled code, apart from the page's own. */
const CODE = '**/built-*.js';

declare global {
  /** How many verdicts the workers of the page gave. */
  var verdictsOfWorkers: number;
}

interface Verified {
  readonly genuine: number;
  readonly forged: number;
  readonly invalid: number;
}

describe('the default verifier in a page', () => {
  const served: ServedPage[] = [];
  let browser: Browser;
  let relay: TestRelay;
  let page: LibraryPage;

  beforeAll(async () => {
    browser = await launchChromium();
    relay = await TestRelay.start();
    relay.seed(quickEvents(EVENTS, 50));
    for (let n = 0; n < 5; n++) relay.seed(fakeEvent({ content: 'forged', created_at: 1_767_225_600 + 2_000 * n }));
    for (let n = 0; n < 3; n++) relay.seed(signedEvent({ kind: 7, created_at: 1_767_225_600 + n }, testKey(0)));
  });
  afterAll(async () => {
    await browser?.close();
    for (const site of served) await site.close();
    await relay?.stop();
  });
  afterEach(() => page.end());

  const openPage = async (policy?: string): Promise<void> => {
    const site = await serveLibrary(policy ? { 'content-security-policy': policy } : {});
    served.push(site);
    page = await LibraryPage.open(browser, site);
  };

  /** What a pool of the page's defaults is given of kind 1, after as many of kind 7 as asked for. */
  const verify = (until = 2_000_000_000): Promise<Verified> =>
    page.page.evaluate(
      async ([url, end]) => {
        const pool = new library.RelayPool({ relays: [url] });
        const counts = { genuine: 0, forged: 0 };
        const ask = (filter: Parameters<typeof pool.request>[0]): Promise<void> =>
          new Promise((complete, error) => {
            const next = ({ content }: { content: string }): void => {
              if (content === 'genuine' || content === 'forged') counts[content]++;
            };
            pool.request(filter).subscribe({ next, error, complete });
          });
        // The first signature of a page takes the pure verifier some 30 ms by itself: its tables are built for it.
        await ask({ kinds: [7] });
        performance.mark('measured from here');
        await ask({ kinds: [1], until: end });
        performance.mark('measured up to here');
        let invalid = 0;
        pool.relays$.subscribe(([status]) => (invalid = status?.counters.invalid ?? 0)).unsubscribe();
        pool.close();
        return { ...counts, invalid };
      },
      [relay.url, until] as const,
    );
  const few = 1_767_225_600 + 29;

  it('loads nothing before the first event, and answers before it has loaded', async () => {
    await openPage();
    const requested: string[] = [];
    page.page.on('request', (request) => requested.push(request.url()));
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.page.route(CODE, async (route) => {
      await released;
      await route.continue();
    });
    await page.page.evaluate(() => new library.RelayPool({ relays: [] }).close());
    expect(requested).toEqual([]);
    // The code does not come: plain JavaScript verifies.
    expect(await verify(few)).toEqual({ genuine: 30, forged: 0, invalid: 1 });
    expect(requested.filter((url) => url.includes('/built-'))).toHaveLength(1);
    expect(page.page.workers()).toEqual([]);
    release();
  });

  it('keeps the page free with a backlog of 10,000: workers have it', async () => {
    await openPage();
    const workers: string[] = [];
    page.page.on('worker', (worker) => workers.push(worker.url()));
    await page.page.evaluate(() => {
      globalThis.verdictsOfWorkers = 0;
      globalThis.Worker = class extends Worker {
        constructor(url: string | URL, options?: WorkerOptions) {
          super(url, options);
          this.addEventListener('message', ({ data }) => {
            verdictsOfWorkers += (data as { verdicts?: Uint8Array }).verdicts?.length ?? 0;
          });
        }
      };
    });
    const { result, longest } = await mainThreadOf(page.page, () => verify());
    expect(result).toMatchObject({ genuine: EVENTS, forged: 0 });
    // More where the pool held the relay back and asked again.
    expect(result.invalid).toBeGreaterThanOrEqual(5);
    expect(longest).toBeLessThan(LONGEST_STALL_MS);
    // The second starts where the first has its hands full.
    expect(workers.join()).toMatch(/^blob:[^,]+(,blob:[^,]+)?$/);
    expect(await page.page.evaluate(() => verdictsOfWorkers)).toBeGreaterThan(EVENTS / 2);
    // close() ended them.
    await expect.poll(() => page.page.workers().length).toBe(0);
  });

  it('falls back, with exactly one warning, where a policy forbids WebAssembly', async () => {
    await openPage("script-src 'self'; worker-src blob:");
    for (let n = 0; n < 2; n++) expect(await verify(few)).toEqual({ genuine: 30, forged: 0, invalid: 1 });
    const ours = page.problems.filter((problem) => problem.includes('rx-relay-pool'));
    expect(ours).toEqual([expect.stringMatching(/^warning: rx-relay-pool verifies signatures in plain JavaScript/)]);
    // Chromium may have its own word about it; nothing else went wrong.
    for (const problem of page.problems.splice(0)) expect(problem).toMatch(/rx-relay-pool|Content Security Policy/);
  });

  it('verifies in the page, a slice at a time, where a policy forbids such workers', async () => {
    await openPage("script-src 'self' 'wasm-unsafe-eval'");
    const { result, longest } = await mainThreadOf(page.page, () => verify(1_767_225_600 + 1_999));
    expect(result).toEqual({ genuine: 2_000, forged: 0, invalid: 1 });
    expect(longest).toBeLessThan(LONGEST_STALL_MS);
    expect(page.page.workers()).toEqual([]);
    expect(page.problems.length).toBeGreaterThan(0);
    for (const problem of page.problems.splice(0)) expect(problem).toContain('Content Security Policy');
  });

  it('verifies with plain JavaScript where the code cannot be loaded', async () => {
    await openPage();
    await page.page.route(CODE, (route) => route.abort());
    // The first may be over before it is known; the second hears of it at once.
    for (let n = 0; n < 2; n++) expect(await verify(few)).toEqual({ genuine: 30, forged: 0, invalid: 1 });
    const problems = page.problems.splice(0);
    expect(problems.filter((problem) => problem.startsWith('warning: rx-relay-pool'))).toHaveLength(1);
    for (const problem of problems) expect(problem).toMatch(/rx-relay-pool|built-/);
  });
});
