import { spawn } from 'node:child_process';
import { get, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type ServedDashboard,
  serveDashboard,
  type ServeDashboardOptions,
} from '../../src/dashboard/serve-dashboard.node.ts';
import type { DashboardSource } from '../../src/dashboard/source.ts';
import { Latest } from '../../src/dashboard/latest.ts';
import { RelayPool } from '../../src/index.ts';
import { TestRelay } from '../../src/testing/index.ts';
import { anExplanation, aRelay, handSource, metricsAt } from '../support/dashboard-states.ts';

const PATIENCE = { timeout: 10_000, interval: 10 };
const served: ServedDashboard[] = [];
const streams: IncomingMessage[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.destroy();
  await Promise.all(served.splice(0).map((each) => each.close()));
});

async function serve(source: DashboardSource, options: ServeDashboardOptions = {}): Promise<ServedDashboard> {
  const dashboard = await serveDashboard(source, { script: 'the script', ...options });
  served.push(dashboard);
  return dashboard;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function ask(url: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request(new URL(path, url), { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    })
      .on('error', reject)
      .end();
  });
}

interface Watch {
  readonly response: IncomingMessage;
  /** What was told, each as name and value. */
  readonly told: (readonly [name: string, value: unknown])[];
  isOver: boolean;
}

/** Watches as a page does. */
function watch(url: string): Promise<Watch> {
  return new Promise((resolve, reject) => {
    get(new URL('events', url), { agent: false }, (response) => {
      streams.push(response);
      const watched: Watch = { response, told: [], isOver: false };
      let rest = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        const parts = (rest + part).split('\n\n');
        rest = parts.pop() ?? '';
        for (const each of parts) {
          const [, name = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(each) ?? [];
          if (name !== '') watched.told.push([name, JSON.parse(data)]);
        }
      });
      response.on('error', () => undefined).on('close', () => (watched.isOver = true));
      resolve(watched);
    }).on('error', reject);
  });
}
const told = (watched: Watch, name: string): readonly unknown[] =>
  watched.told.filter(([each]) => each === name).map(([, value]) => value);

describe('serveDashboard', () => {
  it('serves a page on loopback that loads nothing from elsewhere, and forbids it', async () => {
    const { url } = await serve(handSource());
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await ask(url, '/');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).not.toMatch(/https?:|style=|<script>|<style/);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links).toEqual(['icon.svg', 'page.css', 'dashboard.js']);
    for (const link of links) {
      const file = await ask(url, link);
      expect(file.status).toBe(200);
      expect(file.headers['x-content-type-options']).toBe('nosniff');
    }
    expect((await ask(url, 'dashboard.js')).text).toBe('the script');
    const policy = Object.fromEntries(
      (page.headers['content-security-policy'] as string).split('; ').map((line) => {
        const [name = '', ...values] = line.split(' ');
        return [name, values.join(' ')];
      }),
    );
    expect(policy).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self'",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
    expect((await ask(url, 'elsewhere')).status).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await ask(url, '/', {}, method)).status).toBe(405);
    }
  });

  it.each(['/', '/dashboard.js', '/events', '/explain?call=1'])(
    'refuses %s by a name that is not its own, as after DNS rebinding',
    async (path) => {
      const { url } = await serve({ ...handSource(), explain: () => anExplanation(1) }, { names: ['Desk.local'] });
      const { port } = new URL(url);
      for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil.example']) {
        expect([host, (await ask(url, path, { host })).status]).toEqual([host, 403]);
      }
      if (path === '/events') return;
      for (const host of ['localhost', `localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'desk.LOCAL']) {
        expect([host, (await ask(url, path, { host })).status]).toEqual([host, 200]);
      }
    },
  );

  it('takes any path for what it is, and a request without a name for none of its own', async () => {
    const { url } = await serve(handSource());
    const { port } = new URL(url);
    const raw = (text: string): Promise<string> =>
      new Promise((resolve) => {
        let answer = '';
        const socket = connect(Number(port), '127.0.0.1', () => socket.end(text));
        socket
          .on('data', (part) => (answer += part.toString()))
          .on('close', () => resolve(answer.split('\r\n')[0] ?? ''));
      });
    for (const path of ['//', '//127.0.0.1:1/', 'http://', '/%', '/?\u00e4', '*', '/explain?%', '/events/..']) {
      expect(await raw(`GET ${path} HTTP/1.0\r\nHost: localhost\r\n\r\n`)).toMatch(/^HTTP\/1\.1 (400|404|200) /);
    }
    expect(await raw('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 /);
    expect((await ask(url, '/')).status).toBe(200);
  });

  it('gives no state to pages of other sites', async () => {
    const { url } = await serve({ ...handSource(), explain: () => anExplanation(1) });
    for (const site of ['cross-site', 'same-site']) {
      for (const path of ['/events', '/explain?call=1']) {
        expect((await ask(url, path, { 'sec-fetch-site': site })).status).toBe(403);
      }
      // A link may lead here.
      expect((await ask(url, '/', { 'sec-fetch-site': site })).status).toBe(200);
    }
    const own = await ask(url, '/explain?call=1', { 'sec-fetch-site': 'same-origin' });
    expect(own.status).toBe(200);
    expect(own.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('tells several pages the state at once and what changes, four times a second at most', async () => {
    const source = handSource();
    source.relays$.next([aRelay('a', { error: new Error('it is gone') as never })]);
    source.metrics$.next(metricsAt(1));
    source.explanations = [anExplanation(1, { filters: [{ kinds: [1], authors: Array(1_000).fill('a'.repeat(64)) }] })];
    const { url } = await serve(source);
    const pages = [await watch(url), await watch(url)];
    for (const page of pages) {
      await vi.waitFor(() => expect(page.told.map(([name]) => name)).toEqual(['relays', 'metrics', 'calls']), PATIENCE);
      // An error has no fields of its own; filters are not sent, as they may be large.
      expect(told(page, 'relays')).toMatchObject([[{ url: 'wss://a.example/', error: { message: 'it is gone' } }]]);
      expect(told(page, 'calls')).toEqual([
        [
          {
            call: 1,
            ids: ['1'],
            verb: 'REQ',
            priority: 'normal',
            beganAt: 1_000,
            endedAt: 1_100,
            relays: [],
            title: 'REQ: kind 1, 1000 authors',
          },
        ],
      ]);
    }
    const began = performance.now();
    for (let n = 1; n <= 2_000; n++) source.relays$.next([aRelay('a', { attempts: n })]);
    for (const page of pages) {
      await vi.waitFor(() => expect(told(page, 'relays').at(-1)).toMatchObject([{ attempts: 2_000 }]), PATIENCE);
      const states = told(page, 'relays').length - 1;
      expect(states).toBeLessThanOrEqual(Math.ceil((performance.now() - began) / 250) + 1);
    }
  });

  it('listens to the pool only while somebody watches', async () => {
    let listeners = 0;
    const source = handSource();
    const counted: DashboardSource = {
      ...source,
      relays$: {
        subscribe: (observer) => {
          listeners++;
          const subscription = source.relays$.subscribe(observer);
          return { unsubscribe: () => (listeners--, subscription.unsubscribe()) };
        },
      },
    };
    const { url } = await serve(counted);
    await ask(url, '/');
    expect(listeners).toBe(0);
    const [first, second] = [await watch(url), await watch(url)];
    await vi.waitFor(() => expect(listeners).toBe(1), PATIENCE);
    first?.response.destroy();
    await vi.waitFor(() => expect(first?.isOver).toBe(true), PATIENCE);
    expect(listeners).toBe(1);
    second?.response.destroy();
    await vi.waitFor(() => expect(listeners).toBe(0), PATIENCE);
  });

  it('turns away more pages than it has room for, until one leaves', async () => {
    const { url } = await serve(handSource(), { maxPages: 2 });
    const [first] = [await watch(url), await watch(url)];
    expect((await ask(url, 'events')).status).toBe(503);
    first?.response.destroy();
    await vi.waitFor(async () => {
      const { response } = await watch(url);
      expect(response.statusCode).toBe(200);
    }, PATIENCE);
  });

  it('skips states for a page that does not read, and goes on for the others', async () => {
    const source = handSource();
    const { url } = await serve(source);
    const [slow, quick] = [await watch(url), await watch(url)];
    slow?.response.pause();
    const relays = (n: number) => Array.from({ length: 2_000 }, (_, k) => aRelay(`relay-${k}`, { attempts: n }));
    for (let n = 1; n <= 24; n++) {
      source.relays$.next(relays(n));
      await vi.waitFor(
        () => expect(told(quick, 'relays').at(-1)).toMatchObject([{ attempts: n }, ...Array(1_999).fill({})]),
        PATIENCE,
      );
    }
    slow?.response.resume();
    await vi.waitFor(
      () => expect(told(slow, 'relays').at(-1)).toMatchObject([{ attempts: 24 }, ...Array(1_999).fill({})]),
      PATIENCE,
    );
    expect(told(slow, 'relays').length).toBeLessThan(20);
  }, 40_000);

  it('answers what becomes of a call, as data; 404 where it is not kept, 500 where the source fails', async () => {
    const explain = vi.fn((call: string) => {
      if (call === 'bad') throw new Error('no');
      return call === '1' ? anExplanation(1) : undefined;
    });
    const { url } = await serve({ ...handSource(), explain });
    const found = await ask(url, '/explain?call=1');
    expect(found.headers['content-type']).toBe('application/json');
    expect(JSON.parse(found.text)).toEqual(anExplanation(1));
    expect((await ask(url, '/explain?call=2')).status).toBe(404);
    expect((await ask(url, '/explain')).status).toBe(404);
    expect((await ask(url, '/explain?call=bad')).status).toBe(500);
    const later = await serve({ ...handSource(), explain: () => Promise.resolve(anExplanation(3)) });
    expect(JSON.parse((await ask(later.url, '/explain?call=3')).text)).toEqual(anExplanation(3));
  });

  it('ends all streams and its port when it is closed; the pool goes on', async () => {
    const source = handSource();
    const dashboard = await serve(source);
    const pages = [await watch(dashboard.url), await watch(dashboard.url)];
    await Promise.all([dashboard.close(), dashboard.close()]);
    await vi.waitFor(() => expect(pages.map(({ isOver }) => isOver)).toEqual([true, true]), PATIENCE);
    await expect(ask(dashboard.url, '/')).rejects.toThrow('ECONNREFUSED');
    // The port is free: another takes it.
    await serve(source, { port: Number(new URL(dashboard.url).port) });
    const closed = await serve(source);
    await closed[Symbol.asyncDispose]();
    await expect(ask(closed.url, '/')).rejects.toThrow('ECONNREFUSED');
  });

  it('ends the streams when the pool is closed, and has none from then on', async () => {
    const pool = new RelayPool({ relays: ['wss://relay.example'] });
    const { url } = await serve(pool);
    const page = await watch(url);
    await vi.waitFor(() => expect(told(page, 'relays')).toHaveLength(1), PATIENCE);
    pool.close();
    await vi.waitFor(() => expect(page.isOver).toBe(true), PATIENCE);
    expect((await ask(url, 'events')).status).toBe(503);
    expect((await ask(url, '/')).status).toBe(200);
    const late = await serve(pool);
    const after = await watch(late.url);
    await vi.waitFor(() => expect(after.isOver).toBe(true), PATIENCE);
    expect(after.told).toEqual([]);
  });

  it('tells of a pool whose relay dies', async () => {
    const relay = await TestRelay.start();
    const pool = new RelayPool({ relays: [relay.url] });
    const subscription = pool.subscribe({ kinds: [1] }, { id: 'feed' }).subscribe();
    const { url } = await serve(pool);
    const page = await watch(url);
    await vi.waitFor(() => expect(told(page, 'relays').at(-1)).toMatchObject([{ state: 'connected' }]), PATIENCE);
    await vi.waitFor(() => expect(told(page, 'calls').at(-1)).toMatchObject([{ call: 1, ids: ['feed'] }]), PATIENCE);
    const life = await ask(url, '/explain?call=1');
    expect(JSON.parse(life.text)).toMatchObject({ call: 1, filters: [{ kinds: [1] }], relays: [{ relay: relay.url }] });
    await relay.stop();
    await vi.waitFor(
      () =>
        expect(told(page, 'relays').at(-1)).toMatchObject([
          { error: { code: expect.any(String), message: expect.any(String) } },
        ]),
      PATIENCE,
    );
    subscription.unsubscribe();
    pool.close();
  });

  it('refuses numbers that are none, ports that are taken, and a source out of reach of its script', async () => {
    const source = handSource();
    for (const maxPages of [0, 1.5, NaN]) {
      await expect(serveDashboard(source, { script: '', maxPages })).rejects.toThrow(RangeError);
    }
    await expect(serveDashboard(source, { script: '', port: 70_000 })).rejects.toThrow(RangeError);
    const { url } = await serve(source);
    await expect(serveDashboard(source, { script: '', port: Number(new URL(url).port) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await expect(serveDashboard(source)).rejects.toThrow("see the option 'script'");
  });

  it('keeps no process alive, also while a page watches', { timeout: 60_000 }, async () => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('serving.child.ts', import.meta.url))],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    const url = await new Promise<string>((resolve) =>
      child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim())),
    );
    const page = await watch(url);
    await vi.waitFor(() => expect(told(page, 'relays')).toHaveLength(1), PATIENCE);
    child.stdin.write('go on\n');
    expect(await ended).toBe(0);
  });
});

describe('Latest', () => {
  it('tells the current value at once, those after it, and the end', () => {
    const latest = new Latest<number>();
    const heard: (number | string)[] = [];
    const observer = { next: (value: number) => heard.push(value), complete: () => heard.push('end') };
    const first = latest.subscribe(observer);
    latest.next(1);
    latest.subscribe(observer);
    first.unsubscribe();
    latest.next(2);
    latest.complete();
    latest.next(3);
    expect(heard).toEqual([1, 1, 2, 'end']);
  });
});
