import type { finalizeEvent } from 'nostr-tools/pure';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { BehaviorSubject } from 'rxjs';
import { expect, vi } from 'vitest';
import type * as outbox from '../../../src/durable-outbox/index.ts';
import type * as core from '../../../src/index.ts';
import type { Filter, NostrEvent, RelayPool, RelayPoolOptions, RelayStatus } from '../../../src/index.ts';
import type * as workerPool from '../../../src/verifiers/worker-pool.ts';
import { type ServedPage, servePage } from '../../support/page-server.ts';
import { isOfUnreachableRelay } from './unreachable-relay.ts';

/** What pages/library.js puts into the page: the types of the sources, the values of dist/browser. */
type Library = typeof core &
  typeof outbox &
  Pick<typeof workerPool, 'workerPoolVerifier'> & {
    readonly finalizeEvent: typeof finalizeEvent;
    readonly BehaviorSubject: typeof BehaviorSubject;
  };

/** A packet, as far as it can leave the page: errors and reasons by their name. */
export type SeenPacket =
  | { readonly type: 'event'; readonly event: NostrEvent }
  | { readonly type: 'eose' | 'closed' | 'lost' | 'gap'; readonly why: string };

declare global {
  // Only pages of this suite have these.
  var library: Library;
  var app: { pool: RelayPool; readonly seen: SeenPacket[]; readonly news: string[] };
}

/** Options of a pool that can enter a page; the signer is made there of a secret key. */
export type PageOptions = Pick<RelayPoolOptions, 'relays' | 'backoff' | 'livenessTimeout' | 'connectTimeout'>;

const PATIENCE = { timeout: 20_000, interval: 20 };

export const serveLibrary = (headers?: Readonly<Record<string, string>>): Promise<ServedPage> =>
  servePage('test/browser/pages/library.js', { headers });

/** A page with the library in it. Whatever goes wrong in it is kept, to be asserted empty at the end. */
export class LibraryPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Uncaught errors, unhandled rejections, and what the console calls an error or a warning. */
  readonly problems: string[] = [];
  /** What Chromium itself logs about a relay that it could not reach, by socket or for its document: no script can prevent it. */
  readonly failedDials: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    this.context = page.context();
    page.on('pageerror', (error) => this.problems.push(`uncaught: ${String(error)}`));
    page.on('crash', () => this.problems.push('the page crashed'));
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      const text = message.text();
      if (isOfUnreachableRelay(message, page.url())) this.failedDials.push(text);
      else this.problems.push(`${message.type()}: ${text} (${message.location().url})`);
    });
  }

  /** Opens it in a browser, in a context of its own, or in a context. */
  static async open(where: Browser | BrowserContext, served: ServedPage): Promise<LibraryPage> {
    const opened = new LibraryPage(await where.newPage());
    // Nobody serves an icon, and Chromium would call that an error.
    await opened.page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
    await opened.goto(served.url);
    return opened;
  }

  async goto(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.waitForFunction(() => 'library' in globalThis);
  }

  /** Starts a pool in the page that subscribes to the filter, and notes what the page hears of its network and its tab. */
  async subscribe(filter: Filter, options: PageOptions): Promise<void> {
    await this.page.evaluate(
      ([question, settings]) => {
        const news: string[] = [];
        for (const name of ['online', 'offline']) addEventListener(name, () => news.push(name));
        document.addEventListener('visibilitychange', () => news.push(document.visibilityState));
        const seen: SeenPacket[] = [];
        const pool = new library.RelayPool(settings);
        globalThis.app = { pool, seen, news };
        pool.packets(question).subscribe({
          next: (packet) => {
            if (packet.type === 'event') seen.push({ type: 'event', event: packet.event });
            else {
              const why =
                packet.type === 'lost' ? packet.error.code : packet.type === 'closed' ? packet.reason.raw : '';
              seen.push({ type: packet.type, why });
            }
          },
          error: (error) => news.push(`error: ${String(error)}`),
          complete: () => news.push('complete'),
        });
      },
      [filter, options] as const,
    );
  }

  seen(): Promise<readonly SeenPacket[]> {
    return this.page.evaluate(() => app.seen);
  }

  /** The contents of the events in the order in which they came. */
  async contents(): Promise<readonly string[]> {
    return (await this.events()).map(({ content }) => content);
  }

  async events(): Promise<readonly NostrEvent[]> {
    return (await this.seen()).flatMap((packet) => (packet.type === 'event' ? [packet.event] : []));
  }

  /** What came besides events, such as `lost half-open`. */
  async signs(): Promise<readonly string[]> {
    return (await this.seen()).flatMap((packet) =>
      packet.type === 'event' ? [] : [`${packet.type} ${packet.why}`.trim()],
    );
  }

  /** What the page heard of its network and its tab. */
  news(): Promise<readonly string[]> {
    return this.page.evaluate(() => app.news);
  }

  statuses(): Promise<readonly RelayStatus[]> {
    return this.page.evaluate(
      () =>
        new Promise<readonly RelayStatus[]>((resolve) => {
          app.pool.relays$.subscribe(resolve).unsubscribe();
        }),
    );
  }

  /** Waits until these contents are among those that came. */
  async has(...contents: readonly string[]): Promise<void> {
    await vi.waitFor(
      async () => expect(await this.contents()).toEqual(expect.arrayContaining([...contents])),
      PATIENCE,
    );
  }

  /** Waits until this sign came so often. */
  async sign(wanted: string, count = 1): Promise<void> {
    await vi.waitFor(async () => {
      const signs = await this.signs();
      expect(signs.filter((sign) => sign === wanted).length, `${wanted} in ${String(signs)}`).toBeGreaterThanOrEqual(
        count,
      );
    }, PATIENCE);
  }

  /** Closes it, and fails when something had gone wrong inside. */
  async end(): Promise<void> {
    await this.page.close();
    expect(this.problems).toEqual([]);
  }
}
