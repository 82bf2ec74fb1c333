import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NostrEvent } from '../../src/index.ts';
import { signedEvent, testKey, TestRelay, type TestRelayOptions } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import type { ServedPage } from '../support/page-server.ts';
import { LibraryPage, serveLibrary } from './support/library-page.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };
const now = Math.floor(Date.now() / 1_000);

function signed(
  content: string,
  { author = 0, kind = 1, tags = [] }: { author?: number; kind?: number; tags?: string[][] } = {},
) {
  return signedEvent({ content, kind, tags, created_at: now }, testKey(author));
}

const user = (index: number): string => testKey(index).publicKey;
const got = (relays: readonly TestRelay[], verb: 'REQ' | 'CLOSE' | 'EVENT'): readonly number[] =>
  relays.map(({ received }) => received.filter(({ message }) => message.type === verb).length);
const urlsOf = (relays: readonly TestRelay[]): readonly string[] => relays.map(({ url }) => url);

describe('routing by the browser build in Chromium', () => {
  let browser: Browser;
  let served: ServedPage;
  const started: TestRelay[] = [];
  const pages: LibraryPage[] = [];

  beforeAll(async () => {
    served = await serveLibrary();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.end()));
    await vi.waitFor(
      () => expect(started.map(({ connectionCount }) => connectionCount)).toEqual(started.map(() => 0)),
      PATIENCE,
    );
    await Promise.all(started.splice(0).map((relay) => relay.stop()));
  });

  const startRelays = async (...options: readonly TestRelayOptions[]): Promise<readonly TestRelay[]> => {
    const relays = await Promise.all(options.map((option) => TestRelay.start(option)));
    started.push(...relays);
    return relays;
  };
  const openPage = async (): Promise<LibraryPage> => {
    const page = await LibraryPage.open(browser, served);
    pages.push(page);
    return page;
  };

  it('balanced with a hedge: one that is slow gets company, loses, and is told CLOSE; explained as data and as text', async () => {
    const relays = await startRelays({}, {}, {});
    const [slow, company] = relays as [TestRelay, TestRelay];
    company.seed(signed('from company'));
    const { page } = await openPage();
    // A strategy without chance: the first one is asked.
    await page.evaluate((urls) => {
      const hedge = new library.HedgePolicy({ minimumCount: 5, minimumDelay: 500 });
      const route = library.balanced(1, { strategy: { rank: (candidates) => candidates }, hedge });
      const pool = new library.RelayPool({ relays: urls, route, alone: true });
      globalThis.app = { pool, seen: [], news: [] };
    }, urlsOf(relays));
    const ask = (id: string): Promise<readonly string[]> =>
      page.evaluate(
        (name) =>
          new Promise<readonly string[]>((resolve, reject) => {
            const contents: string[] = [];
            app.pool.request({ kinds: [1] }, { id: name }).subscribe({
              next: ({ content }) => contents.push(content),
              error: reject,
              complete: () => resolve(contents),
            });
          }),
        id,
      );
    for (let n = 0; n < 6; n++) expect(await ask(`${n}`)).toEqual([]);
    await vi.waitFor(() => expect(got(relays, 'CLOSE')).toEqual([6, 0, 0]), PATIENCE);
    slow.faults.delay = 60_000;
    expect(await ask('slow')).toEqual(['from company']);
    expect(got(relays, 'REQ')).toEqual([7, 1, 0]);
    await vi.waitFor(() => expect(got(relays, 'CLOSE')[0]).toBe(7), PATIENCE);

    const { steps, text } = await page.evaluate(() => {
      const explanation = app.pool.explain('slow');
      if (!explanation) throw new Error('There is no explanation.');
      return {
        steps: explanation.relays.map((relay) => relay.steps.map(({ what }) => what)),
        text: library.explanationText(explanation),
      };
    });
    expect(steps).toEqual([['chosen', 'sent', 'left'], ['skipped', 'chosen', 'sent', 'answered'], ['skipped']]);
    expect(text).toMatch(/^REQ slow: .*took \d+ ms\n/);
    expect(text).toContain(`${slow.url} (ready, reliability 1.00`);
    expect(text).toContain('answered: EOSE after');
  });

  it('outbox: each author’s own relays by the lists of a relay, live, and the fallback for who has none', async () => {
    const [home, alpha, beta] = (await startRelays({}, {}, {})) as [TestRelay, TestRelay, TestRelay];
    const list = (author: number, name: string): NostrEvent =>
      signed('', { author, kind: 10_002, tags: [['r', `wss://${name}.example`]] });
    home.seed(list(0, 'alpha'), signed('3 at home', { author: 3 }), signed('0 at home'));
    alpha.seed(signed('0 on alpha'), signed('1 on alpha', { author: 1 }));
    beta.seed(signed('1 on beta', { author: 1 }), signed('0 on beta'));
    const opened = await openPage();
    // No event may name a loopback address: the page resolves names as a resolver would.
    await opened.page.evaluate(
      ([url, names, authors]) => {
        class Resolving extends WebSocket {
          constructor(address: string) {
            super(new Map<string, string>(names).get(address) ?? address);
          }
        }
        const pool = new library.RelayPool({ relays: [url], WebSocket: Resolving });
        globalThis.app = { pool, seen: [], news: [] };
        const lists$ = pool.subscribe({ kinds: [10_002] }, { route: library.everyRelay() }).pipe(library.relayLists());
        pool
          .subscribe({ kinds: [1], authors }, { route: library.outbox(lists$) })
          .subscribe((event) => app.seen.push({ type: 'event', event }));
      },
      [
        home.url,
        [
          ['wss://alpha.example/', alpha.url],
          ['wss://beta.example/', beta.url],
        ],
        [user(0), user(1), user(3)],
      ] as const,
    );
    await opened.has('0 on alpha', '3 at home');
    expect(beta.received).toEqual([]);
    home.add(list(1, 'beta'));
    await opened.has('1 on beta');
    alpha.add(signed('live of 0'));
    beta.add(signed('live of 1', { author: 1 }), signed('live of 0, not asked for'));
    await opened.has('live of 0', 'live of 1');
    expect([...(await opened.contents())].sort()).toEqual([
      '0 on alpha',
      '1 on beta',
      '3 at home',
      'live of 0',
      'live of 1',
    ]);
  });

  it('a cluster with a quorum: met by so many, and an error as soon as it is out of reach', async () => {
    const no = { faults: { rejectedWith: 'blocked: no' } };
    const relays = await startRelays({}, {}, no, no, {});
    const { page } = await openPage();
    const outcomes = await page.evaluate(
      async ([urls, secretKey]) => {
        const event = library.finalizeEvent(
          { kind: 1, created_at: Math.floor(Date.now() / 1_000), tags: [], content: 'mine' },
          Uint8Array.from(secretKey),
        );
        const clusters = {
          archive: { relays: urls.slice(0, 3) },
          strict: { relays: urls.slice(1, 4), quorum: 'all' as const },
          small: { relays: urls.slice(4) },
        };
        const pool = new library.RelayPool({ clusters });
        const publish = (name: string, quorum?: number) =>
          new Promise<string>((resolve) => {
            let last = '';
            pool
              .cluster(name)
              .publish(event, quorum === undefined ? {} : { quorum })
              .subscribe({
                next: (report) => (last = `${report.accepted} ${report.quorum}`),
                error: (error: { readonly code?: string }) => resolve(`${error.code}`),
                complete: () => resolve(last),
              });
          });
        const said = [await publish('archive'), await publish('strict'), await publish('small', 2)];
        pool.close();
        return said;
      },
      [urlsOf(relays), [...testKey(0).secretKey]] as const,
    );
    expect(outcomes).toEqual(['2 met', 'out-of-reach', 'quorum-impossible']);
    // The last one was in reach, but not enough of a cluster: nothing was sent there.
    expect(relays.map(({ store }) => store.size)).toEqual([1, 1, 0, 0, 0]);
    expect(relays[4]?.received).toEqual([]);
  });

  it('parts of a page share REQs: those that ask the same, and the profiles of one turn', async () => {
    const relays = await startRelays({}, {});
    const authors = Array.from({ length: 10 }, (_, author) => author);
    for (const author of authors) relays[author % 2]?.seed(signed(`profile ${author}`, { author, kind: 0 }));
    const { page } = await openPage();
    const found = await page.evaluate(
      async ([urls, keys]) => {
        const pool = new library.RelayPool({ relays: urls });
        globalThis.app = { pool, seen: [], news: [] };
        for (const name of ['header', 'timeline', 'badge']) {
          pool.subscribe({ kinds: [1] }).subscribe(({ content }) => app.news.push(`${name} ${content}`));
        }
        const profile = (key: string) =>
          new Promise<string>((resolve, reject) => {
            const contents: string[] = [];
            pool.request({ kinds: [0], authors: [key] }).subscribe({
              next: ({ content }) => contents.push(content),
              error: reject,
              complete: () => resolve(contents.join()),
            });
          });
        return Promise.all(keys.map(profile));
      },
      [urlsOf(relays), authors.map(user)] as const,
    );
    expect(found).toEqual(authors.map((author) => `profile ${author}`));
    expect(got(relays, 'REQ')).toEqual([2, 2]);
    const live = signed('live');
    for (const relay of relays) relay.add(live);
    await vi.waitFor(async () => {
      const news = await page.evaluate(() => app.news);
      expect([...news].sort()).toEqual(['badge live', 'header live', 'timeline live']);
    }, PATIENCE);
  });
});
