import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { NostrEvent } from '../../../src/index.ts';
import type { TestRelay } from '../../../src/testing/index.ts';
import { until } from '../../support/real-world.ts';

/** One of the example apps in a page, seen as its reader sees it: by roles and labels, and by the ids and states that its rows carry. */
export class AppPage {
  /** Uncaught errors, and what the console calls an error or a warning; not what Chromium says of a dial that failed. */
  readonly problems: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.problems.push(`uncaught: ${String(error)}`));
    page.on('crash', () => this.problems.push('the page crashed'));
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      if (!/^WebSocket connection to 'ws:|net::ERR_/.test(message.text())) this.problems.push(message.text());
    });
  }

  static async open(browser: Browser, url: string, relays: readonly TestRelay[]): Promise<AppPage> {
    const opened = new AppPage(await browser.newPage());
    await opened.page.goto(`${url}?${relays.map((relay) => `relay=${encodeURIComponent(relay.url)}`).join('&')}`);
    return opened;
  }

  get #notes(): Locator {
    return this.page.getByRole('region', { name: 'Feed' }).getByRole('listitem');
  }

  /** The ids of the notes on the screen, from the top; fails where one is there twice. */
  async shown(): Promise<readonly string[]> {
    const ids = await this.#notes.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id') ?? ''));
    expect(new Set(ids).size).toBe(ids.length);
    return ids;
  }

  /** Waits until the feed is these notes and no others, the newest first. */
  async shows(notes: readonly NostrEvent[]): Promise<void> {
    const wanted = [...notes].sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1));
    await until(async () => expect(await this.shown()).toEqual(wanted.map(({ id }) => id)));
  }

  /** Waits until a note is on the screen under this name. */
  async names(note: NostrEvent, name: string): Promise<void> {
    const row = this.page.locator(`[data-id="${note.id}"]`);
    await until(async () => {
      expect(await row.locator('strong').textContent()).toBe(name);
      expect(await row.locator('p').textContent()).toBe(note.content);
    });
  }

  /** Waits until a relay's row in the health panel is in one of these states. */
  async relayIs({ url }: TestRelay, ...states: readonly string[]): Promise<void> {
    const row = this.page.getByRole('region', { name: 'Relays' }).locator(`[data-url="${url}"]`);
    await until(async () => expect(states).toContain(await row.getAttribute('data-status')));
  }

  async publish(content: string): Promise<void> {
    await this.page.getByLabel('Your note').fill(content);
    await this.page.getByRole('button', { name: 'Publish' }).click();
  }

  /** The status of the last publish, by relay. */
  async progress(): Promise<Readonly<Record<string, string>>> {
    const rows = this.page.getByRole('list', { name: 'Progress' }).getByRole('listitem');
    const entries = await rows.evaluateAll((all) =>
      all.map((row) => [row.getAttribute('data-url') ?? '', row.getAttribute('data-status') ?? ''] as const),
    );
    return Object.fromEntries(entries);
  }
}
