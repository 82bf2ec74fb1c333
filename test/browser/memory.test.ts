import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PoolMemory, PoolMetrics } from '../../src/index.ts';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import type { ServedPage } from '../support/page-server.ts';
import { LibraryPage, serveLibrary } from './support/library-page.ts';

describe('what a pool learnt, in Chromium', () => {
  let browser: Browser;
  let served: ServedPage;
  let relay: TestRelay;
  let page: LibraryPage;

  beforeAll(async () => {
    served = await serveLibrary();
    browser = await launchChromium();
    relay = await TestRelay.start();
    relay.seed(signedEvent({ content: 'stored', created_at: 1_767_225_600 }, testKey(0)));
    page = await LibraryPage.open(browser, served);
  });
  afterEach(() => {
    expect(page.problems).toEqual([]);
  });
  afterAll(async () => {
    await page?.end();
    await relay?.stop();
    await browser?.close();
    await served?.close();
  });

  it('keeps a page that is loaded again from dialling a dead relay, and from waiting for it', async () => {
    const dead = await TestRelay.start();
    await dead.stop(); // nobody listens at its address any more
    const urls = [relay.url, dead.url];

    await page.page.evaluate(
      (relays) =>
        new Promise<void>((resolve) => {
          const pool = new library.RelayPool({
            relays,
            backoff: { base: 20, floor: 20, cap: 50 },
            breaker: { consecutiveFailures: 2, openTime: 60_000, jitter: 0 },
          });
          pool.subscribe({ kinds: [1] }).subscribe();
          pool.relays$.subscribe((statuses) => {
            if (statuses[0]?.state !== 'connected' || statuses[1]?.circuit !== 'open') return;
            localStorage.setItem('relays', JSON.stringify(pool.memory));
            pool.close();
            resolve();
          });
        }),
      urls,
    );
    expect(page.failedDials.length).toBeGreaterThanOrEqual(2);

    await page.goto(served.url); // a new load: nothing is left but what was stored
    const { dialled, said } = await page.page.evaluate(
      (relays) =>
        new Promise<{ dialled: string[]; said: string[] }>((resolve) => {
          const dialled: string[] = [];
          const said: string[] = [];
          class Watched extends WebSocket {
            constructor(url: string) {
              super(url);
              dialled.push(url);
            }
          }
          const memory = JSON.parse(localStorage.getItem('relays') ?? '') as PoolMemory;
          const pool = new library.RelayPool({ relays, memory, WebSocket: Watched });
          pool.packets({ kinds: [1] }).subscribe((packet) => {
            said.push(packet.type === 'lost' ? `lost ${packet.error.code}` : packet.type);
            if (!('pending' in packet) || packet.pending > 0) return;
            pool.close();
            resolve({ dialled, said });
          });
        }),
      urls,
    );
    expect(dialled).toEqual([relay.url]);
    expect(said).toEqual(['lost circuit-open', 'event', 'eose']);
  });

  it('is measured, with the heap of the page', async () => {
    const metrics = await page.page.evaluate(
      (url) =>
        new Promise<PoolMetrics>((resolve) => {
          const pool = new library.RelayPool({ relays: [url] });
          pool.request({ kinds: [1] }).subscribe({
            complete: () => {
              pool.metrics$.subscribe((measured) => resolve(measured)).unsubscribe();
              pool.close();
            },
          });
        }),
      relay.url,
    );
    expect(metrics.relays[0]).toMatchObject({ relay: relay.url, circuit: { state: 'closed' }, connections: 1 });
    expect(metrics.all.latency).toMatchObject({ connect: { count: 1 }, firstEvent: { count: 1 }, eose: { count: 1 } });
    expect(metrics.all.latency.eose?.max).toBeGreaterThan(0);
    expect(metrics.process.heapBytes).toBeGreaterThan(2 ** 20);
    expect(metrics.process.residentBytes).toBeUndefined();
  });
});
