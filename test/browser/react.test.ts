import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Filter, NostrEvent, RelayPool, RelayPoolOptions } from '../../src/index.ts';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { burstOf } from '../support/burst.ts';
import { launchChromium } from '../support/chromium.ts';
import { type ServedPage, servePage } from '../support/page-server.ts';
import { got, until } from '../support/real-world.ts';
import { LibraryPage } from './support/library-page.ts';

/** What pages/react.js takes; what is left out is as usual. */
interface Props {
  readonly isStrict?: boolean;
  readonly mode?: 'visible' | 'hidden';
  readonly filters?: readonly Filter[];
  readonly limit?: number;
  /** What the button publishes, all at once. */
  readonly events?: readonly NostrEvent[];
  /** Whether the pool is the page's own. */
  readonly own?: boolean;
  readonly options?: Pick<RelayPoolOptions, 'relays' | 'backoff'> & { readonly isSure?: boolean };
}
/** What pages/react.js puts into the page. */
interface App {
  readonly seen: { readonly commits: number; readonly frames: number; readonly lengths: readonly number[] };
  readonly pool: RelayPool;
  render(props: Props): void;
  renderAgain(): void;
  unmount(): void;
}

declare global {
  // Only pages of this suite have it.
  var reactApp: App;
}

const now = Math.floor(Date.now() / 1_000);
const note = (content: string, age = 0, author = 0): NostrEvent =>
  signedEvent({ content, created_at: now - age }, testKey(author));
const backoff = { base: 100, floor: 20, cap: 300 };

describe('the hooks in Chromium', () => {
  let browser: Browser;
  let served: ServedPage;
  let relay: TestRelay;
  let page: LibraryPage;

  beforeAll(async () => {
    served = await servePage('test/browser/pages/react.js');
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  beforeEach(async () => {
    relay = await TestRelay.start();
    page = await LibraryPage.open(browser, served);
  });
  afterEach(async () => {
    await page.end();
    await relay.stop();
  });

  const render = (props: Props = {}): Promise<void> =>
    page.page.evaluate((all) => reactApp.render(all), {
      ...props,
      options: { relays: [relay.url], backoff, ...props.options },
    });
  const unmount = (): Promise<void> => page.page.evaluate(() => reactApp.unmount());
  const seen = (): Promise<App['seen']> => page.page.evaluate(() => reactApp.seen);
  const shown = (): Promise<string[]> => page.page.locator('li').allTextContents();
  const textOf = (selector: string): Promise<string | null> => page.page.locator(selector).textContent();
  const shows = (...contents: readonly string[]): Promise<void> =>
    until(async () => expect(await shown()).toEqual(contents));

  it('is bundled with the binding for React, and without those for others', () => {
    expect(served.inputs).toContain('dist/browser/react.js');
    expect(served.inputs.filter((input) => /angular|svelte/.test(input))).toEqual([]);
  });

  it('shows stored events, then live ones, newest first', async () => {
    relay.seed([note('older', 20), note('newer', 10)]);
    await render();
    await shows('newer', 'older');
    relay.add(note('live'));
    await shows('live', 'newer', 'older');
  });

  it('asks once under StrictMode, and not at all after the unmount', async () => {
    relay.seed([note('a')]);
    await render();
    await shows('a');
    expect(relay.connectionCount).toBe(1);
    expect(got([relay], 'REQ')).toEqual([1]);
    await unmount();
    await until(() => expect(relay.connectionCount).toBe(0));
    expect(got([relay], 'CLOSE')).toEqual([1]);
    expect(got([relay], 'REQ')).toEqual([1]);
  });

  it('asks once under StrictMode also over a connection that is open', async () => {
    relay.seed([note('a')]);
    await render();
    await shows('a');
    await render({ filters: [{ kinds: [1] }, { kinds: [0] }] });
    await until(() => expect(relay.subscriptionCount).toBe(2));
    expect(got([relay], 'REQ')).toEqual([2]);
    await render();
    await until(() => expect(relay.subscriptionCount).toBe(1));
    expect(got([relay], 'REQ')).toEqual([2]);
    expect(got([relay], 'CLOSE')).toEqual([1]);
  });

  it('does not ask again for a filter that says the same', async () => {
    relay.seed([note('a')]);
    await render({ filters: [{ kinds: [1, 7] }] });
    await shows('a');
    await page.page.evaluate(() => reactApp.renderAgain());
    await until(async () => expect(await textOf('#count')).toBe('1'));
    await render({ filters: [{ kinds: [7, 1] }] });
    relay.add(note('b'));
    await until(async () => expect(await shown()).toHaveLength(2));
    expect(got([relay], 'REQ')).toEqual([1]);
  });

  it('asks for another filter without a moment in which nothing is shown', async () => {
    relay.seed([note('mine', 0, 0), note('theirs', 1, 1)]);
    await render();
    await shows('mine', 'theirs');
    const { lengths } = await seen();
    await render({ filters: [{ kinds: [1], authors: [testKey(0).publicKey] }] });
    await shows('mine');
    await render({ filters: [{ kinds: [1], authors: [testKey(0).publicKey, testKey(1).publicKey] }] });
    await shows('mine', 'theirs');
    expect((await seen()).lengths.slice(lengths.length)).not.toContain(0);
    await until(() => expect(relay.subscriptionCount).toBe(1));
    expect(got([relay], 'REQ')).toEqual([3]);
  });

  it('renders once a frame at most: 1,000 events in one burst, none lost, none twice', async () => {
    await render({ options: { relays: [relay.url], isSure: true }, isStrict: false });
    await until(() => expect(relay.subscriptionCount).toBe(1));
    const before = await seen();
    const burst = burstOf(1_000, now);
    for (const event of burst) relay.add(event);
    await shows(...burst.map(({ content }) => content));
    const after = await seen();
    const commits = after.commits - before.commits;
    expect(commits).toBeGreaterThan(0);
    expect(commits).toBeLessThanOrEqual(after.frames - before.frames + 1);
    expect(commits).toBeLessThan(200);
  });

  it('shows how the relays are', async () => {
    await render();
    await until(async () => expect(await textOf('#relays')).toBe(`${relay.url} connected`));
    await relay.stop();
    await until(async () => expect(await textOf('#relays')).toMatch(/ (disconnected|connecting)$/));
    await relay.restart();
    await until(async () => expect(await textOf('#relays')).toBe(`${relay.url} connected`));
  });

  it('publishes, and tells how far that has come', async () => {
    const event = note('hello');
    await render({ events: [event] });
    await page.page.locator('button').click();
    await until(async () => expect(await textOf('button')).toBe('hello 1 0'));
    expect(relay.store.size).toBe(1);
    await shows('hello');
    await page.page.locator('button').click();
    await until(() => expect(got([relay], 'EVENT')).toEqual([2]));
    await until(async () => expect(await textOf('button')).toBe('hello 1 0'));
  });

  it('keeps the reports of the last events, as many as it was told', async () => {
    await render({ events: [note('first'), note('second'), note('third')] });
    await page.page.locator('button').click();
    await until(async () => expect(await textOf('button')).toBe('third 1 0,second 1 0'));
    expect(relay.store.size).toBe(3);
  });

  it('goes on publishing when the component is gone', async () => {
    await relay.stop();
    await render({ events: [note('hello')], own: true });
    await page.page.locator('button').click();
    await until(async () => expect(await textOf('button')).toBe('hello 0 1'));
    await unmount();
    await relay.restart();
    await until(() => expect(relay.store.size).toBe(1));
  });

  it('tells why an event cannot be published', async () => {
    await render({ events: [{ ...note('hello'), sig: '' }] });
    await page.page.locator('button').click();
    await until(async () => expect(await textOf('button')).toBe('invalid-event'));
    expect(relay.store.size).toBe(0);
  });

  it('throws a wrong filter where an error boundary catches it', async () => {
    await render({ filters: [{ kinds: [-1] }] });
    await until(async () => expect(await textOf('#error')).toBe('FilterError'));
  });

  it('leaves a pool alone that it was given', async () => {
    relay.seed([note('a')]);
    await render({ own: true });
    await shows('a');
    await unmount();
    await until(() => expect(relay.subscriptionCount).toBe(0));
    const event = await page.page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          reactApp.pool.request({ kinds: [1] }).subscribe(({ content }) => resolve(content));
        }),
    );
    expect(event).toBe('a');
    await page.page.evaluate(() => reactApp.pool.close());
  });

  it('lets go of everything while it is hidden, and is there again when it is shown', async () => {
    relay.seed([note('a', 10)]);
    await render();
    await shows('a');
    await render({ mode: 'hidden' });
    await until(() => expect(relay.connectionCount).toBe(0));
    relay.add(note('b'));
    await render();
    await shows('b', 'a');
    await until(async () => expect(await textOf('#relays')).toBe(`${relay.url} connected`));
    expect(relay.connectionCount).toBe(1);
    expect(relay.subscriptionCount).toBe(1);
  });
});
