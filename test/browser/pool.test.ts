import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NostrEvent, PublishReport } from '../../src/index.ts';
import { signedEvent, testKey, TestRelay, type TestRelayOptions } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import type { ServedPage } from '../support/page-server.ts';
import { LibraryPage, serveLibrary } from './support/library-page.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };
/** Reconnects without the pauses that spare real relays. */
const backoff = { base: 100, floor: 20, cap: 300 };
const alice = testKey(0);
const now = Math.floor(Date.now() / 1_000);
const note = (content: string): NostrEvent => signedEvent({ content, created_at: now }, alice);
const notes = { kinds: [1] };

describe('the browser build in Chromium', () => {
  let browser: Browser;
  let served: ServedPage;
  const relays: TestRelay[] = [];
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
    await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  });

  const startRelay = async (options?: TestRelayOptions): Promise<TestRelay> => {
    const relay = await TestRelay.start(options);
    relays.push(relay);
    return relay;
  };
  const openPage = async (): Promise<LibraryPage> => {
    const page = await LibraryPage.open(browser, served);
    pages.push(page);
    return page;
  };

  it('is bundled from dist/browser without ws and without anything of Node', () => {
    expect(served.inputs).toContain('dist/browser/index.js');
    expect(served.inputs).toContain('dist/browser/worker-pool.js');
    const ofNode = /(^|\/)node_modules\/ws\/|^dist\/node\/|^src\/|^node:/;
    expect(served.inputs.filter((input) => ofNode.test(input))).toEqual([]);
  });

  it('shows stored events, then live ones, each once', async () => {
    const relays = [await startRelay(), await startRelay()];
    const stored = [note('stored 1'), note('stored 2')];
    for (const relay of relays) relay.seed(stored);
    const page = await openPage();
    await page.subscribe(notes, { relays: relays.map(({ url }) => url) });
    await page.sign('eose', 2);
    expect([...(await page.contents())].sort()).toEqual(['stored 1', 'stored 2']);

    const live = [note('live 1'), note('live 2')];
    for (const event of live) for (const relay of relays) relay.add(event);
    await page.has('live 1', 'live 2');
    const sorted = (events: readonly NostrEvent[]) => [...events].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(sorted(await page.events())).toEqual(sorted([...stored, ...live]));
    // Over both relays every event came twice; the second copies were dropped unread.
    const counters = (await page.statuses()).map((status) => status.counters);
    expect(counters.reduce((sum, { events }) => sum + events, 0)).toBe(4);
  });

  it.each(['forged-signature', 'forged-content', 'wrong-id', 'unmatched'] as const)(
    'shows nothing of a relay that lies (%s), though its copy comes first, and the truth of another',
    async (lie) => {
      const liar = await startRelay({ faults: { lie } });
      const honest = await startRelay({ faults: { delay: 300 } });
      const events = [note('true 1'), note('true 2')];
      for (const relay of [liar, honest]) relay.seed(events);
      const page = await openPage();
      await page.subscribe(notes, { relays: [liar.url, honest.url] });
      await page.sign('eose', 2);
      expect([...(await page.contents())].sort()).toEqual(['true 1', 'true 2']);
      const blame = (await page.statuses()).map(({ counters }) => counters.invalid + counters.unmatched);
      expect(blame).toEqual([2, 0]);
    },
  );

  it('publishes, and tells what each relay said', async () => {
    const [open, strict] = [await startRelay(), await startRelay({ faults: { rejectedWith: 'blocked: not you' } })];
    const page = await openPage();
    const report = await page.page.evaluate(
      ([urls, secretKey]) =>
        new Promise<PublishReport>((resolve, reject) => {
          const event = library.finalizeEvent(
            { kind: 1, created_at: Math.floor(Date.now() / 1_000), tags: [], content: 'from the page' },
            Uint8Array.from(secretKey),
          );
          const pool = new library.RelayPool({ relays: urls });
          let last: PublishReport;
          pool.publish(event).subscribe({
            next: (progress) => (last = progress),
            error: reject,
            complete: () => {
              pool.close();
              resolve(last);
            },
          });
        }),
      [[open.url, strict.url], [...alice.secretKey]] as const,
    );
    expect(report).toMatchObject({
      accepted: 1,
      pending: 0,
      outcomes: {
        [open.url]: { status: 'accepted' },
        [strict.url]: { status: 'rejected', reason: { prefix: 'blocked', message: 'not you' } },
      },
    });
    expect([...open.store]).toEqual([expect.objectContaining({ content: 'from the page', pubkey: alice.publicKey })]);
    expect([...strict.store]).toEqual([]);
    await vi.waitFor(() => expect([open.connectionCount, strict.connectionCount]).toEqual([0, 0]), PATIENCE);
  });

  it('authenticates with a signer of the page (NIP-42) to read and to write, once', async () => {
    const relay = await startRelay({ auth: { read: true, write: true, pubkeys: [alice.publicKey] } });
    relay.seed(note('for members'));
    const page = await openPage();
    const result = await page.page.evaluate(
      ([url, secretKey]) => {
        const key = Uint8Array.from(secretKey);
        let signed = 0;
        const signer = {
          signEvent: async (template: Parameters<typeof library.finalizeEvent>[0]) => {
            signed++;
            await new Promise((done) => setTimeout(done, 50)); // a person reads, and clicks
            return library.finalizeEvent(template, key);
          },
        };
        const event = library.finalizeEvent({ kind: 1, created_at: 1_800_000_000, tags: [], content: 'mine' }, key);
        const pool = new library.RelayPool({ relays: [url], signer });
        const contents: string[] = [];
        let outcome = '';
        let state = '';
        pool.relays$.subscribe(([status]) => (state = status?.state ?? state));
        return new Promise<object>((resolve) => {
          let open = 2;
          const done = (): void => {
            if (--open > 0) return;
            resolve({ contents, outcome, state, signed });
            pool.close();
          };
          pool
            .request({ kinds: [1], until: 1_799_999_999 })
            .subscribe({ next: (e) => contents.push(e.content), complete: done });
          pool.publish(event).subscribe({
            next: ({ outcomes }) => (outcome = Object.values(outcomes)[0]?.status ?? ''),
            complete: done,
          });
        });
      },
      [relay.url, [...alice.secretKey]] as const,
    );
    expect(result).toEqual({ contents: ['for members'], outcome: 'accepted', state: 'authenticated', signed: 1 });
  });

  it('comes back when the relay does, with the events of the outage and no repeats', async () => {
    const relay = await startRelay();
    relay.seed(note('before'));
    const page = await openPage();
    await page.subscribe(notes, { relays: [relay.url], backoff });
    await page.sign('eose');
    await relay.stop();
    await page.sign('lost connection-lost');
    relay.seed(note('during 1'), note('during 2'));
    // A dial that fails first.
    await page.sign('lost connect-failed');
    await relay.restart();
    await page.has('during 1', 'during 2');
    await page.sign('eose', 2);
    relay.add(note('after'));
    await page.has('after');
    expect([...(await page.contents())].sort()).toEqual(['after', 'before', 'during 1', 'during 2']);
    expect(page.failedDials.length).toBeGreaterThan(0);
  });

  it.each([
    { what: 'is cut', code: 1006, sign: 'lost connection-lost' },
    { what: 'is closed by the relay as it should be', code: 1001, sign: 'lost closed-by-relay' },
  ])('goes on after a connection $what', async ({ code, sign }) => {
    const relay = await startRelay();
    const page = await openPage();
    await page.subscribe(notes, { relays: [relay.url], backoff });
    await page.sign('eose');
    for (let round = 1; round <= 3; round++) {
      relay.drop(code);
      relay.seed(note(`missed ${round}`));
      await page.sign(sign, round);
      await page.sign('eose', round + 1);
      relay.add(note(`live ${round}`));
      await page.has(`missed ${round}`, `live ${round}`);
    }
    expect(await page.contents()).toHaveLength(6);
    expect(relay.connectionCount).toBe(1);
  });

  it('writes nothing to a connection that is closing, and sends it over the next one', async () => {
    const relay = await startRelay();
    const page = await openPage();
    const status = await page.page.evaluate(
      ([url, secretKey, pauses]) =>
        new Promise<string | undefined>((resolve) => {
          const dialled: WebSocket[] = [];
          class Watched extends WebSocket {
            constructor(address: string) {
              super(address);
              dialled.push(this);
            }
          }
          const template = { kind: 1, created_at: 1_767_225_600, tags: [], content: 'kept' };
          const event = library.finalizeEvent(template, Uint8Array.from(secretKey));
          const pool = new library.RelayPool({ relays: [url], backoff: pauses, WebSocket: Watched });
          pool.packets({ kinds: [1] }).subscribe(({ type }) => {
            if (type !== 'eose' || dialled.length > 1) return;
            // The state changes now, the event about it comes later.
            dialled[0]?.close();
            let outcome: string | undefined;
            pool.publish(event).subscribe({
              next: ({ outcomes }) => (outcome = Object.values(outcomes)[0]?.status),
              complete: () => resolve(outcome),
            });
          });
        }),
      [relay.url, [...alice.secretKey], backoff] as const,
    );
    expect(status).toBe('accepted');
    expect(relay.received.filter(({ message }) => message.type === 'EVENT')).toMatchObject([{ connection: 2 }]);
    // Chromium would have complained about a frame for a closing socket.
    expect(page.problems).toEqual([]);
  });

  it('leaves no connection behind when the pool closes, nor when the page goes away', async () => {
    const relay = await startRelay();
    const page = await openPage();
    await page.subscribe(notes, { relays: [relay.url] });
    await page.sign('eose');
    expect(relay.subscriptionCount).toBe(1);
    await page.page.evaluate(() => app.pool.close());
    await vi.waitFor(() => expect(relay.connectionCount).toBe(0), PATIENCE);
    expect(await page.news()).toEqual(['complete']);

    await page.subscribe(notes, { relays: [relay.url] });
    await page.sign('eose');
    await page.goto(served.url);
    await vi.waitFor(() => expect(relay.connectionCount).toBe(0), PATIENCE);
  });

  it('would notice an error in the page', async () => {
    const page = await LibraryPage.open(browser, served);
    await page.page.evaluate(() => {
      setTimeout(() => {
        throw new Error('thrown in a timer');
      });
      void Promise.reject(new Error('rejected'));
      console.error('logged');
    });
    await vi.waitFor(() => expect(page.problems).toHaveLength(3), PATIENCE);
    expect([...page.problems].sort()).toEqual([
      expect.stringContaining('error: logged'),
      expect.stringContaining('rejected'),
      expect.stringContaining('thrown in a timer'),
    ]);
    await expect(page.end()).rejects.toThrow('to deeply equal []');
  });
});
