import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fakeEvent, signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import type { ServedPage } from '../support/page-server.ts';
import { LibraryPage, serveLibrary } from './support/library-page.ts';
import { mainThreadOf } from './support/main-thread.ts';

/** PAINS 30: no stall of the page over 50 ms while events come in. */
const LONGEST_STALL_MS = 50;
const EVENTS = 500;

/**
 * Who verifies: the pure one, workers that have it, or one that does its work in one go. The last is what a page must not feel like, and
 * shows that the measures used here would tell. What a page has by default is in wasm-verifier.test.ts.
 */
type Engine = 'pure' | 'workers' | 'all at once';

interface Verified {
  readonly contents: readonly string[];
  readonly invalid: number;
  /** The most events that the page was handed without a turn of its event loop between them. */
  readonly mostInOneTurn: number;
}

describe('verification in a page', () => {
  let browser: Browser;
  let served: ServedPage;
  let relay: TestRelay;
  let page: LibraryPage;
  let contents: readonly string[];

  beforeAll(async () => {
    served = await serveLibrary();
    browser = await launchChromium();
    relay = await TestRelay.start();
    const genuine = Array.from({ length: EVENTS }, (_, n) =>
      signedEvent({ content: `genuine ${n}`, created_at: 1_767_225_600 + n }, testKey(n % 5)),
    );
    contents = genuine.map(({ content }) => content).sort();
    relay.seed(genuine, signedEvent({ kind: 7 }, testKey(0)));
    // Among them, and each as long in the checking: no signature at all, and the signature of other content.
    for (let n = 0; n < 5; n++) {
      const created_at = 1_767_225_600 + 100 * n;
      relay.seed(fakeEvent({ content: `forged ${n}`, created_at }));
      const { pubkey, sig } = signedEvent({ content: `signed ${n}`, created_at }, testKey(0));
      relay.seed(fakeEvent({ content: `changed ${n}`, created_at, pubkey, sig }));
    }
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    await relay?.stop();
  });
  afterEach(() => page.end());

  const openPage = async (): Promise<void> => {
    page = await LibraryPage.open(browser, served);
  };

  const verify = (engine: Engine): Promise<Verified> =>
    page.page.evaluate(
      async ([url, name]) => {
        const { pureVerifier, RelayPool, workerPoolVerifier } = library;
        const workers = name === 'workers' ? workerPoolVerifier({ workers: 2 }) : undefined;
        const allAtOnce = {
          verify: (events: Parameters<typeof pureVerifier.verify>[0]) =>
            Promise.resolve().then(() => pureVerifier.verify(events)),
        };
        const verifier = name === 'all at once' ? allAtOnce : (workers ?? pureVerifier);
        const pool = new RelayPool({ relays: [url], verifier });
        const ask = (filter: Parameters<typeof pool.request>[0], next?: (content: string) => void): Promise<void> =>
          new Promise((complete, error) => {
            pool.request(filter).subscribe({ next: ({ content }) => next?.(content), error, complete });
          });

        // The first signature of a page takes some 30 ms by itself: the curve's tables are built for it.
        await ask({ kinds: [7] });
        performance.mark('measured from here');
        let inThisTurn = 0;
        let mostInOneTurn = 0;
        // A message comes right after the task that sends it; timers may be late where the machine is busy.
        const turn = new MessageChannel();
        turn.port1.onmessage = () => (inThisTurn = 0);
        const found: string[] = [];
        await ask({ kinds: [1] }, (content) => {
          found.push(content);
          if (inThisTurn === 0) turn.port2.postMessage('over');
          mostInOneTurn = Math.max(mostInOneTurn, ++inThisTurn);
        });
        performance.mark('measured up to here');
        turn.port1.close();

        let invalid = 0;
        pool.relays$.subscribe(([status]) => (invalid = status?.counters.invalid ?? 0)).unsubscribe();
        pool.close();
        workers?.close();
        return { contents: found.sort(), invalid, mostInOneTurn };
      },
      [relay.url, engine] as const,
    );

  it('does not freeze the page: the pure verifier gives way every few milliseconds', async () => {
    await openPage();
    const { result, longest } = await mainThreadOf(page.page, () => verify('pure'));
    expect(result.contents).toEqual(contents);
    expect(result.invalid).toBe(10);
    expect(result.mostInOneTurn).toBeLessThan(EVENTS / 5);
    expect(longest).toBeLessThan(LONGEST_STALL_MS);
  });

  it('would notice if it did freeze the page', async () => {
    await openPage();
    const { result, longest } = await mainThreadOf(page.page, () => verify('all at once'));
    expect(result.contents).toEqual(contents);
    expect(result.mostInOneTurn).toBeGreaterThan(EVENTS / 5);
    expect(longest).toBeGreaterThan(LONGEST_STALL_MS);
  });

  it('leaves the page alone when workers verify, and tells forgeries all the same', async () => {
    await openPage();
    const byItself = await mainThreadOf(page.page, () => verify('pure'));
    await page.end();

    await openPage();
    const workers: string[] = [];
    page.page.on('worker', (worker) => workers.push(worker.url()));
    const withWorkers = await mainThreadOf(page.page, () => verify('workers'));
    expect(withWorkers.result.contents).toEqual(contents);
    expect(withWorkers.result.invalid).toBe(10);
    expect(workers).toEqual([`${served.url}verify-worker.js`, `${served.url}verify-worker.js`]);
    expect(withWorkers.longest).toBeLessThan(LONGEST_STALL_MS);
    // What is left to the page: frames, parsing, filters, and copies for the workers.
    expect(withWorkers.total).toBeLessThan(byItself.total / 3);
    // close() ended them.
    await expect.poll(() => page.page.workers().length).toBe(0);
  });

  it('verifies by itself where the worker cannot be loaded', async () => {
    await openPage();
    await page.page.route('**/verify-worker.js', (route) => route.abort());
    const { contents: found, invalid } = await verify('workers');
    expect(found).toEqual(contents);
    expect(invalid).toBe(10);
    // Chromium's own word about it; nothing else went wrong.
    for (const problem of page.problems.splice(0)) expect(problem).toContain('verify-worker.js');
  });
});
