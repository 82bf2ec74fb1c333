import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../../src/index.ts';
import { signedEvent, testKey, TestRelay } from '../../../src/testing/index.ts';
import { launchChromium } from '../../support/chromium.ts';
import { got, until } from '../../support/real-world.ts';
import { AppPage } from './app-page.ts';
import { buildApp } from './build-app.ts';
import { type ServedFolder, serveFolder } from './serve-folder.ts';

const seconds = (): number => Math.floor(Date.now() / 1_000);
const note = (content: string, author = 0): NostrEvent =>
  signedEvent({ content, created_at: seconds() }, testKey(author));
const profile = (name: string, author: number): NostrEvent =>
  signedEvent({ kind: 0, content: JSON.stringify({ name }), created_at: seconds() - 60 }, testKey(author));
/** What a page's relays hold of the notes that it published. */
const publishedAt = ({ store }: TestRelay, content: string): NostrEvent | undefined =>
  store.query([{ kinds: [1] }]).find((event) => event.content === content);

describe.each(['react', 'svelte', 'angular'])('the example in %s', (name) => {
  let browser: Browser;
  let served: ServedFolder;
  let relays: readonly [TestRelay, TestRelay];
  let app: AppPage;

  beforeAll(async () => {
    served = await serveFolder(await buildApp(name));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  beforeEach(async () => {
    relays = [await TestRelay.start(), await TestRelay.start()];
  });
  afterEach(async () => {
    await app.page.close();
    await until(() => expect(relays.map(({ connectionCount }) => connectionCount)).toEqual([0, 0]));
    await Promise.all(relays.map((relay) => relay.stop()));
    expect(app.problems).toEqual([]);
  });
  const open = async (): Promise<void> => {
    app = await AppPage.open(browser, served.url, relays);
  };

  it('shows what is stored, with the names of the authors, then what comes', async () => {
    const [first, second] = [note('first', 0), note('second', 1)];
    relays[0].seed([first, profile('Alice', 0)]);
    relays[1].seed([first, second, profile('Bob', 1)]);
    await open();
    await app.shows([first, second]);
    await app.names(first, 'Alice');
    await app.names(second, 'Bob');
    for (const relay of relays) await app.relayIs(relay, 'connected');

    const live = note('live', 2);
    for (const relay of relays) relay.add(live);
    await app.shows([first, second, live]);
    // Nobody knows the name yet; then somebody does, then another.
    await app.names(live, testKey(2).publicKey.slice(0, 8));
    relays[1].add(profile('Carol', 2));
    await app.names(live, 'Carol');
    const renamed = signedEvent({ kind: 0, content: '{"name":"Caroline"}', created_at: seconds() }, testKey(2));
    relays[0].add(renamed);
    await app.names(live, 'Caroline');
  });

  it('asks each relay once for the notes, and takes that back when the page goes', async () => {
    const only = note('only');
    relays[0].seed(only);
    await open();
    await app.shows([only]);
    await app.relayIs(relays[1], 'connected');
    const notesAsked = relays.map(({ received }) =>
      received.filter(
        ({ message }) => message.type === 'REQ' && JSON.stringify(message.filters).includes('"kinds":[1]'),
      ),
    );
    expect(notesAsked.map(({ length }) => length)).toEqual([1, 1]);
    await app.page.goto('about:blank');
    await until(() => expect(relays.map(({ connectionCount }) => connectionCount)).toEqual([0, 0]));
  });

  it('publishes, and shows how far that is at each relay', async () => {
    await open();
    for (const relay of relays) await app.relayIs(relay, 'connected');
    relays[1].faults.delay = 1_000;
    await app.publish('hello');
    await until(async () =>
      expect(await app.progress()).toEqual({ [relays[0].url]: 'accepted', [relays[1].url]: 'pending' }),
    );
    await until(async () =>
      expect(await app.progress()).toEqual({ [relays[0].url]: 'accepted', [relays[1].url]: 'accepted' }),
    );
    const event = publishedAt(relays[0], 'hello');
    expect(event && publishedAt(relays[1], 'hello')).toEqual(event);
    await app.shows(event ? [event] : []);
    expect(got(relays, 'EVENT')).toEqual([1, 1]);

    relays[0].faults.delay = 0;
    relays[1].faults.delay = 0;
    await app.publish('hello again');
    await until(() => expect(publishedAt(relays[1], 'hello again')).toBeDefined());
    const again = publishedAt(relays[0], 'hello again');
    await app.shows([event, again].flatMap((each) => each ?? []));
  });

  it('goes on while a relay is away, and has what that stored when it is back', async () => {
    const notes = [note('before')];
    for (const relay of relays) relay.seed(notes);
    await open();
    await app.shows(notes);
    await relays[0].stop();
    await app.relayIs(relays[0], 'disconnected', 'connecting', 'failed');
    await app.relayIs(relays[1], 'connected');

    const [elsewhere, there, everywhere] = [note('elsewhere'), note('there'), note('everywhere')];
    relays[1].add(elsewhere);
    relays[1].add(everywhere);
    relays[0].seed([there, everywhere]);
    notes.push(elsewhere, everywhere);
    await app.shows(notes);

    await relays[0].restart();
    await app.relayIs(relays[0], 'connected');
    notes.push(there);
    await app.shows(notes);
    const live = note('live');
    for (const relay of relays) relay.add(live);
    await app.shows([...notes, live]);
  });

  it('is back when the network is back: no event lost, none twice', async () => {
    const notes = [note('before')];
    for (const relay of relays) relay.seed(notes);
    await open();
    await app.shows(notes);
    await Promise.all(relays.map((relay) => relay.stop()));
    await app.page.context().setOffline(true);
    for (const relay of relays) await app.relayIs(relay, 'disconnected', 'connecting', 'failed');
    await app.publish('written offline');

    const missed = Array.from({ length: 20 }, (_, index) => note(`missed ${index}`));
    missed.forEach((event, index) => relays[index % 2]?.seed(event));
    notes.push(...missed);
    await Promise.all(relays.map((relay) => relay.restart()));
    await app.page.context().setOffline(false);
    for (const relay of relays) await app.relayIs(relay, 'connected');
    await until(async () =>
      expect(await app.progress()).toEqual({ [relays[0].url]: 'accepted', [relays[1].url]: 'accepted' }),
    );
    const written = publishedAt(relays[0], 'written offline');
    expect(written).toBeDefined();
    if (written) notes.push(written);
    await app.shows(notes);
  });

  it('shows a burst whole', async () => {
    await open();
    for (const relay of relays) await app.relayIs(relay, 'connected');
    const burst = Array.from({ length: 80 }, (_, index) => note(`burst ${index}`, index % 3));
    for (const event of burst) for (const relay of relays) relay.add(event);
    await app.shows(burst);
  });
});
