import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Filter, NostrEvent, RelayPoolOptions } from '../../src/index.ts';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { burstOf } from '../support/burst.ts';
import { launchChromium } from '../support/chromium.ts';
import { type ServedPage, servePage } from '../support/page-server.ts';
import { got, until } from '../support/real-world.ts';
import { sveltePlugin } from '../support/svelte-plugin.ts';
import { LibraryPage } from './support/library-page.ts';

/** What the app in pages/svelte takes. */
interface Props {
  readonly options?: Pick<RelayPoolOptions, 'relays' | 'backoff'>;
  readonly isSure?: boolean;
  /** In place of the one that depends on the state. */
  readonly filter?: Filter;
  readonly limit?: number;
  readonly event?: NostrEvent;
}
/** Who reads the list, and which kinds are asked for. */
interface State {
  readonly hasRune?: boolean;
  readonly hasSecond?: boolean;
  readonly hasStore?: boolean;
  readonly kinds?: readonly number[];
}

declare global {
  // Only pages of this suite have it.
  var svelteApp: {
    readonly seen: { readonly runs: number; readonly frames: number; readonly lengths: readonly number[] };
    mount(props: Props): void;
    unmount(): Promise<void>;
    set(state: State): void;
  };
}

const now = Math.floor(Date.now() / 1_000);
const note = (content: string, age = 0, kind = 1): NostrEvent =>
  signedEvent({ content, kind, created_at: now - age }, testKey(0));

describe('runes and stores in Chromium', () => {
  let browser: Browser;
  let served: ServedPage;
  let relay: TestRelay;
  let page: LibraryPage;

  beforeAll(async () => {
    served = await servePage('test/browser/pages/svelte.js', { plugins: [sveltePlugin('client')] });
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

  const mount = (props: Props = {}): Promise<void> =>
    page.page.evaluate((all) => svelteApp.mount(all), {
      options: { relays: [relay.url], backoff: { base: 100, floor: 20, cap: 300 } },
      ...props,
    });
  const unmount = (): Promise<void> => page.page.evaluate(() => svelteApp.unmount());
  const set = (state: State): Promise<void> => page.page.evaluate((next) => svelteApp.set(next), state);
  const seen = () => page.page.evaluate(() => svelteApp.seen);
  const textOf = (selector: string): Promise<string | null> => page.page.locator(selector).textContent();
  const shows = (list: 'rune' | 'store', ...contents: readonly string[]): Promise<void> =>
    until(async () => expect(await page.page.locator(`#${list} li`).allTextContents()).toEqual(contents));

  it('is bundled with the binding for Svelte, and without those for others', () => {
    expect(served.inputs).toContain('dist/browser/svelte.js');
    expect(
      served.inputs.filter((input) => /angular|react/.test(input) && !input.includes('node_modules/svelte/')),
    ).toEqual([]);
  });

  it('shows stored events, then live ones, newest first', async () => {
    relay.seed([note('older', 20), note('newer', 10)]);
    await mount();
    await shows('rune', 'newer', 'older');
    relay.add(note('live'));
    await shows('rune', 'live', 'newer', 'older');
    expect(got([relay], 'REQ')).toEqual([1]);
  });

  it('is started with the first reader and stopped with the last, runes and stores alike, and asks once for all', async () => {
    relay.seed([note('a', 10)]);
    await mount();
    await set({ hasRune: false });
    await until(() => expect(relay.subscriptionCount).toBe(0));
    const before = got([relay], 'REQ');

    await set({ hasStore: true });
    await shows('store', 'a');
    await set({ hasSecond: true, hasRune: true });
    await shows('rune', 'a');
    expect(await textOf('#second')).toBe('1');
    expect(relay.subscriptionCount).toBe(1);
    await set({ hasStore: false, hasSecond: false });
    relay.add(note('b'));
    await shows('rune', 'b', 'a');
    expect(got([relay], 'REQ')).toEqual(before.map((count) => count + 1));

    await set({ hasRune: false });
    await until(() => expect(relay.subscriptionCount).toBe(0));
    relay.add(note('c', -1));
    await set({ hasStore: true });
    await shows('store', 'c', 'b', 'a');
  });

  it('closes its pool with the component', async () => {
    relay.seed([note('a')]);
    await mount();
    await shows('rune', 'a');
    await unmount();
    await until(() => expect(relay.connectionCount).toBe(0));
    expect(got([relay], 'REQ')).toEqual([1]);
  });

  it('asks for another filter when the state changes, without a moment in which nothing is shown', async () => {
    relay.seed([note('note'), note('reaction', 1, 7)]);
    await mount();
    await shows('rune', 'note');
    const { lengths } = await seen();
    await set({ kinds: [7, 1] });
    await shows('rune', 'note', 'reaction');
    await set({ kinds: [1, 7] });
    relay.add(note('live', -1));
    await shows('rune', 'live', 'note', 'reaction');
    expect((await seen()).lengths.slice(lengths.length)).not.toContain(0);
    expect(relay.subscriptionCount).toBe(1);
    expect(got([relay], 'REQ')).toEqual([2]);
  });

  it('runs effects once a frame at most: 1,000 events in one burst, none lost, none twice', async () => {
    await mount({ isSure: true });
    await until(() => expect(relay.subscriptionCount).toBe(1));
    const before = await seen();
    const burst = burstOf(1_000, now);
    for (const event of burst) relay.add(event);
    await shows('rune', ...burst.map(({ content }) => content));
    const after = await seen();
    const runs = after.runs - before.runs;
    expect(runs).toBeGreaterThan(0);
    expect(runs).toBeLessThanOrEqual(after.frames - before.frames + 1);
    expect(runs).toBeLessThan(200);
  });

  it('shows how the relays are', async () => {
    await mount();
    await until(async () => expect(await textOf('#relays')).toBe(`${relay.url} connected`));
    await relay.stop();
    await until(async () => expect(await textOf('#relays')).toMatch(/ (disconnected|connecting)$/));
    await relay.restart();
    await until(async () => expect(await textOf('#relays')).toBe(`${relay.url} connected`));
  });

  it('gives the pool to components below, to publish with', async () => {
    await mount({ event: note('hello') });
    await page.page.locator('button').click();
    await until(async () => expect(await textOf('button')).toBe('1 0'));
    await shows('rune', 'hello');
  });

  it('throws a wrong filter, and a wrong limit, where they are written', async () => {
    const attempt = (props: Props): Promise<string> =>
      page.page.evaluate((all) => {
        try {
          svelteApp.mount(all);
          return 'mounted';
        } catch (error) {
          return (error as Error).name;
        }
      }, props);
    expect(await attempt({ filter: { kinds: [-1] } })).toBe('FilterError');
    expect(await attempt({ limit: 0 })).toBe('RangeError');
  });
});
