import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import {
  aMeasuredRelay,
  anExplanation,
  aRelay,
  measurements,
  metricsAt,
  summary,
} from '../support/dashboard-states.ts';
import type { ServedPage } from '../support/page-server.ts';
import { lowContrasts } from './support/contrast.ts';
import { ends, openPage, serveElement, watchByHand, watchPool } from './support/dashboard-page.ts';
import { mainThreadOf } from './support/main-thread.ts';

const PATIENCE = { timeout: 15_000, interval: 50 };
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const LATENCY = { connect: summary(9), firstEvent: summary(30), eose: summary(40), ok: summary(50) };

/** States in which everything is to be seen that there is. */
const relays = NAMES.map((name, n) =>
  aRelay(
    name,
    [
      {},
      { state: 'connecting', inFlight: 3 },
      { isReduced: true, queued: 4 },
      { state: 'disconnected' },
      {
        state: 'failed',
        circuit: 'open',
        error: { code: 'connect-failed', message: 'it is gone' },
      },
    ][n] as Parameters<typeof aRelay>[1],
  ),
);
const metrics = metricsAt(Date.now(), {
  all: measurements({ latency: LATENCY }),
  relays: NAMES.map((name, n) => aMeasuredRelay(name, { latency: LATENCY, score: 20 * n, country: ['DE', 'JP'][n] })),
});
const explanations = Array.from({ length: 30 }, (_, n) =>
  anExplanation(30 - n, {
    ids: [`request-${30 - n}`],
    relays: relays.map(({ url }, at) => ({
      relay: url,
      known: { isReady: true, reliability: 1, cost: undefined, inFlight: 0, queued: 0 },
      omitted: 0,
      steps:
        at === 0
          ? [
              { after: 0, what: 'chosen', why: '' },
              { after: 10, what: 'sent', why: '' },
              { after: 60, what: 'answered', why: 'EOSE after 50 ms' },
            ]
          : [{ after: 0, what: 'skipped', why: 'the route preferred others' }],
    })),
  }),
);

describe('<relay-pool-dashboard> in Chromium', () => {
  let browser: Browser;
  let served: ServedPage;
  const pages: Awaited<ReturnType<typeof openPage>>[] = [];

  beforeAll(async () => {
    served = await serveElement();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map(ends));
  });

  const open = async (options: Parameters<typeof openPage>[2] = {}): Promise<Page> => {
    const page = await openPage(browser, served.url, options);
    pages.push(page);
    return page;
  };
  /** A page in which all panels have something to show. */
  const openFull = async (options: Parameters<typeof openPage>[2] = {}): Promise<Page> => {
    const page = await open(options);
    await watchByHand(page, { relays, metrics, explanations });
    await rowOf(page, 'e.example').getByText('failed').waitFor();
    await requests(page).nth(29).waitFor();
    return page;
  };
  const rowOf = (page: Page, name: string): Locator =>
    page.getByRole('grid').getByRole('row').filter({ hasText: name });
  const requests = (page: Page): Locator =>
    page.getByRole('listbox', { name: 'Requests: pick one to see its life' }).getByRole('option');
  const requestOf = (page: Page, name: RegExp): Locator => requests(page).filter({ hasText: name });
  const focused = (page: Page): Promise<string> =>
    page.evaluate(() => {
      const { activeElement } = watched.element.shadowRoot ?? {};
      return `${activeElement?.getAttribute('role') ?? activeElement?.tagName.toLowerCase()} ${activeElement?.textContent ?? ''}`;
    });

  it('shows a relay that dies and comes back, says so, and plots latencies', async () => {
    await using steady = await TestRelay.start({ information: { relay_countries: ['DE'] } });
    await using mortal = await TestRelay.start();
    const page = await open();
    await watchPool(page, [steady.url, mortal.url]);
    await page.evaluate(() => {
      watched.pool?.subscribe({ kinds: [1] }, { id: 'feed' }).subscribe();
    });
    const name = mortal.url.slice(0, -1);
    const states = rowOf(page, name);
    await states.getByText('connected', { exact: true }).waitFor();
    const region = page.getByRole('row', { name: /^Europe/ });
    await region.getByText('1 / 1').waitFor();
    await vi.waitFor(
      async () => expect(await page.getByRole('img', { name: /stored events .* p50 [\d.]+ m?s/ }).count()).toBe(1),
      PATIENCE,
    );
    await mortal.stop();
    const alerts = page.getByRole('list', { name: 'Alerts' });
    await alerts.getByText(`${name} is lost: `).waitFor();
    await page.getByRole('status').getByText(`problem: ${name} is lost`).waitFor({ state: 'attached' });
    await states.getByText(/^(lost|connecting)/).waitFor();
    await page.getByText('1 / 2', { exact: true }).waitFor();
    await mortal.restart();
    await states.getByText('connected', { exact: true }).waitFor();
    await alerts.getByText(`${name} is connected again`).waitFor();
    await page.evaluate(() => watched.pool?.close());
    await page.getByText('the pool is closed').waitFor();
  });

  it('shows the life of a request that is picked, and goes on with it', async () => {
    await using relay = await TestRelay.start({ faults: { delay: 30 } });
    relay.seed(signedEvent({ content: 'one' }, testKey(0)));
    const page = await open();
    await watchPool(page, [relay.url]);
    await page.evaluate(() => {
      watched.pool?.request({ kinds: [1] }, { id: 'once' }).subscribe();
      watched.pool?.subscribe({ kinds: [2] }, { id: 'live', priority: 'high' }).subscribe();
    });
    const life = page.getByRole('region', { name: 'Life of a request' });
    await requestOf(page, /REQ once: kind 1/).click();
    await life.getByText(/^REQ once: kind 1, normal, took /).waitFor();
    await life.getByText(/^chosen \+.* · sent \+.* · answered \+.*EOSE after /).waitFor();
    await requestOf(page, /REQ live: kind 2\s*high\s*goes on/).click();
    await life.getByText(/^REQ live: kind 2, high, goes on/).waitFor();
    relay.drop();
    await life.getByText(/answered .* · lost \+/).waitFor();
    await page.evaluate(() => watched.pool?.close());
  });

  it('does not jump, nor draw more often, under 1,000 updates a second', async () => {
    const page = await open();
    await watchByHand(page);
    const seconds = 3;
    const { result, longest, total } = await mainThreadOf(page, () =>
      page.evaluate(
        async ([relays, metrics, explanations, seconds]) => {
          const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
          const say = (n: number): void => {
            const some = relays.slice(0, 2 + (Math.floor(n / 700) % 4));
            watched.relays$.next(
              some.map((relay, index) => ({
                ...relay,
                inFlight: (n * (index + 1)) % 17,
                queued: n % 1_200,
                isReduced: n % 90 > 45,
                ...(n % 60 > 30
                  ? {
                      state: 'disconnected' as const,
                      retryAt: metrics.at + (n % 9_000),
                      error: { code: 'x', message: 'x' },
                    }
                  : {}),
              })),
            );
            if (n % 20 > 0) return;
            const messagesPerSecond = 10 ** (n % 6);
            const depth = 3 ** ((n / 20) % 8);
            watched.metrics$.next({
              ...metrics,
              at: metrics.at + n,
              all: {
                ...metrics.all,
                throughput: { messagesPerSecond, bytesPerSecond: 0 },
                messageErrorRate: (n % 7) / 10,
                queue: { ...metrics.all.queue, low: { depth, wait: undefined } },
              },
              relays: metrics.relays.map((each) => ({
                ...each,
                score: n % 101,
                throughput: { messagesPerSecond, bytesPerSecond: 0 },
              })),
            });
            watched.explanations = explanations
              .slice(0, 1 + (n % 29))
              .map((each) => ({ ...each, call: each.call + n }));
          };
          say(0);
          await pause(600);
          let shifts = 0;
          const observer = new PerformanceObserver((list) => {
            for (const entry of list.getEntries())
              shifts += (entry as PerformanceEntry & { readonly value: number }).value;
          });
          observer.observe({ type: 'layout-shift' });
          // What is drawn in one frame comes as one batch.
          let drawings = 0;
          const root = watched.element.shadowRoot;
          if (!root) throw new Error('The element has no root.');
          const mutations = new MutationObserver(() => drawings++);
          mutations.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
          performance.mark('measured from here');
          let updates = 0;
          for (const begin = performance.now(); updates < seconds * 1_000;) {
            while (updates < performance.now() - begin) say(++updates);
            await pause(1);
          }
          performance.mark('measured up to here');
          await pause(300);
          mutations.disconnect();
          const during = shifts;
          // It would be seen: something jumps now.
          const jump = document.createElement('div');
          jump.style.height = '80px';
          document.body.prepend(jump);
          await pause(300);
          return { updates, drawings, during, after: shifts };
        },
        [relays, metrics, explanations, seconds] as const,
      ),
    );
    expect(result.updates).toBeGreaterThanOrEqual(seconds * 1_000);
    expect(result.during).toBe(0);
    expect(result.after).toBeGreaterThan(0);
    expect(result.drawings).toBeGreaterThan(5);
    // Five a second, and what the observers of sizes set off.
    expect(result.drawings).toBeLessThanOrEqual(seconds * 5 + 8);
    expect(longest).toBeLessThan(100);
    expect(total).toBeLessThan(seconds * 500);
  });

  it('is used by keyboard alone', async () => {
    const page = await openFull();
    const order: string[] = [];
    for (let n = 0; n < 8; n++) {
      await page.keyboard.press('Tab');
      order.push((await focused(page)).replace(/\s.*/s, ''));
    }
    expect(order.slice(0, 6)).toEqual(['row', 'ol', 'select', 'img', 'option', 'group']);
    await page.getByRole('row', { name: /a\.example/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toContain('row c.example');
    await page.keyboard.press('ArrowUp');
    const ring = await page.evaluate(() => {
      const { activeElement } = watched.element.shadowRoot ?? {};
      return activeElement ? getComputedStyle(activeElement).outlineStyle : '';
    });
    expect(ring).toBe('solid');
    await page.keyboard.press('Enter');
    await page.getByText('Latency and queue of b.example').waitFor();
    expect(await rowOf(page, 'b.example').getAttribute('aria-selected')).toBe('true');
    // Picked, it can be let go: by the button that is there now, by Enter, and by Escape.
    await page.keyboard.press('Escape');
    await page.getByText('All relays', { exact: true }).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press(' ');
    await page.getByText('Latency and queue of e.example').waitFor();
    await page.getByText(/e\.example\/: .*it is gone/).waitFor();
    await page.keyboard.press('Home');
    expect(await focused(page)).toContain('row a.example');
    await page.getByRole('button', { name: 'Show all relays' }).press('Enter');
    await page.getByText('All relays', { exact: true }).waitFor();

    await requests(page).first().focus();
    await page.keyboard.press('PageDown');
    expect(await focused(page)).toContain('request-22');
    await page.keyboard.press('Enter');
    await page.getByText('REQ request-22: kind 1, normal, took 100 ms').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Pick a request to see its life.').waitFor();

    await page.getByRole('img').focus();
    await page.keyboard.press('ArrowLeft');
    const times = page.getByText(/^at \d\d:\d\d:\d\d$/);
    const before = await times.textContent();
    await page.keyboard.press('Home');
    expect(await times.textContent()).not.toBe(before);
    await page.keyboard.press('Escape');
    await page.getByText('now', { exact: true }).waitFor();
  });

  it('holds the list of requests still while somebody is in it', async () => {
    const page = await openFull();
    await requests(page).nth(3).focus();
    await page.keyboard.press('ArrowDown');
    const before = await focused(page);
    await page.evaluate(() => {
      const [latest] = watched.explanations;
      if (latest) watched.explanations = [{ ...latest, call: 31, ids: ['brand-new'] }, ...watched.explanations];
    });
    await page.getByText('1 newer; the list holds still').waitFor();
    expect(await focused(page)).toBe(before);
    expect(await requestOf(page, /brand-new/).count()).toBe(0);
    await page.keyboard.press('Shift+Tab');
    await requestOf(page, /brand-new/).waitFor();
  });

  it.each(['light', 'dark'] as const)('can be read where %s is preferred', async (colorScheme) => {
    const page = await openFull({ colorScheme });
    // Something picked, and something happened.
    await rowOf(page, 'b.example').click();
    await requests(page).first().click();
    await page.getByText('chosen +0 ms').first().waitFor();
    const { low, looked, background } = await lowContrasts(page, 4.5);
    expect(low).toEqual([]);
    expect(looked).toBeGreaterThan(120);
    const [red = 0] = background;
    expect(red > 128).toBe(colorScheme === 'light');
    // The lines of the plot stand out from the panel as marks have to.
    expect((await lowContrasts(page, 3, '.swatch, .shape')).low).toEqual([]);
    // A page that is dark anyway says so.
    const forced = await page.evaluate((scheme) => {
      watched.element.style.colorScheme = scheme === 'light' ? 'dark' : 'light';
      return getComputedStyle(watched.element).backgroundColor;
    }, colorScheme);
    expect(Number(/\d+/.exec(forced)?.[0]) > 128).toBe(colorScheme !== 'light');
  });

  it('draws the lines of the plot in the colours of the scheme, also when that changes', async () => {
    const page = await openFull({ colorScheme: 'light' });
    const hasColour = (): Promise<boolean> =>
      page.evaluate(() => {
        const root = watched.element.shadowRoot;
        const canvas = root?.querySelector('canvas');
        const swatch = root?.querySelector('.swatch.p50');
        if (!canvas || !swatch) return false;
        // A copy, as the canvas itself is not made to be read.
        const context = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
        if (!context) return false;
        context.drawImage(canvas, 0, 0);
        const [red, green, blue] = (getComputedStyle(swatch).color.match(/\d+/g) ?? []).map(Number);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        for (let at = 0; at < data.length; at += 4) {
          if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) return true;
        }
        return false;
      });
    await vi.waitFor(async () => expect(await hasColour()).toBe(true), PATIENCE);
    await page.emulateMedia({ colorScheme: 'dark' });
    await vi.waitFor(async () => expect(await hasColour()).toBe(true), PATIENCE);
  });

  it('fits a phone of 360 pixels, and moves nothing for those who do not want that', async () => {
    const page = await openFull({ viewport: { width: 360, height: 740 }, reducedMotion: 'reduce' });
    await rowOf(page, 'b.example').click();
    await requests(page).first().click();
    await page.getByText('chosen +0 ms').first().waitFor();
    const { width, wide, transitions } = await page.evaluate(() => {
      const root = watched.element.shadowRoot;
      const all = [...(root?.querySelectorAll('*') ?? [])];
      const isWide = (element: Element): boolean => {
        const { right, width } = element.getBoundingClientRect();
        return width > 1 && right > 360;
      };
      const scrollers = all.filter(
        ({ scrollWidth, clientWidth, className }) =>
          /scroll|panel/.test(`${String(className)}`) && scrollWidth > clientWidth,
      );
      return {
        width: document.documentElement.scrollWidth,
        wide: [...all.filter(isWide), ...scrollers].map(({ className }) => String(className)),
        transitions: all.filter((element) => getComputedStyle(element).transitionDuration !== '0s').length,
      };
    });
    expect({ width, wide, transitions }).toEqual({ width: 360, wide: [], transitions: 0 });
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    const moving = await page.evaluate(
      () =>
        [...(watched.element.shadowRoot?.querySelectorAll('.fill') ?? [])].filter(
          (bar) => getComputedStyle(bar).transitionDuration !== '0s',
        ).length,
    );
    expect(moving).toBeGreaterThan(0);
  });

  it('listens while it is in the document alone, and begins anew with another pool', async () => {
    const page = await openFull();
    const listening = (): Promise<readonly boolean[]> =>
      page.evaluate(() => [watched.relays$.observed, watched.metrics$.observed]);
    expect(await listening()).toEqual([true, true]);
    await page.evaluate(() => watched.element.remove());
    expect(await listening()).toEqual([false, false]);
    await page.evaluate(() => document.body.append(watched.element));
    await rowOf(page, 'e.example').getByText('failed').waitFor();
    expect(await listening()).toEqual([true, true]);
    await page.evaluate(() => {
      watched.element.pool = undefined;
    });
    await page.getByText('no pool').waitFor();
    await page.getByText('No relays yet.').waitFor();
    expect(await listening()).toEqual([false, false]);
  });
});
