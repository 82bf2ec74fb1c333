/* global Response, clearInterval, fetch, scrollTo, setInterval, setTimeout */
// `npm run screenshots`: takes the pictures of the dashboard in docs/images/, in about a minute and a half. Needs a Chromium.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { serveFromSources } from '../examples/five-relays/dashboard.ts';
import { balanced, HedgePolicy, RelayPool } from '../src/index.ts';
import { seededRandom, signedEvent, TestRelay, testKey } from '../src/testing/index.ts';
import { launchChromium } from '../test/support/chromium.ts';
import { packPng } from './pack-png.mjs';

const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));
/** Milliseconds of traffic before the pictures are taken. */
const TRAFFIC = 75_000;
const random = seededRandom(7);
const between = (least, most) => () => least + random() ** 3 * (most - least);

/** Relays of several countries, at `wss://<name>.example/`. */
const RELAYS = {
  tokyo: { country: 'JP', delay: between(90, 420) },
  paris: { country: 'FR', delay: between(15, 120) },
  berlin: { country: 'DE', delay: between(20, 160) },
  vienna: { country: 'AT', delay: between(20, 200) },
  lagos: { country: 'NG', delay: between(120, 700) },
  denver: { country: 'US', delay: between(70, 260) },
  lima: { country: 'PE', delay: between(110, 500) },
  sydney: { country: undefined, delay: between(200, 1_400) },
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const relays = new Map();
for (const [name, { country, delay }] of Object.entries(RELAYS)) {
  const information = country === undefined ? {} : { relay_countries: [country] };
  const relay = await TestRelay.start({ information, faults: { delay } });
  for (let n = 0; n < 40; n++) {
    relay.seed(signedEvent({ content: `note ${n}`, created_at: Math.floor(Date.now() / 1_000) - n }, testKey(n % 8)));
  }
  relays.set(`${name}.example`, relay);
}
/** These names lead to this machine. */
const local = (url) => {
  const { host } = new URL(url);
  return relays.get(host)?.url ?? url;
};
const pool = new RelayPool({
  relays: [...relays.keys()].map((host) => `wss://${host}`),
  WebSocket: class extends WebSocket {
    constructor(url) {
      super(local(url));
    }
  },
  information: {
    // Without the address that it came from, which is none that a relay may redirect to.
    fetch: async (url, init) => {
      const response = await fetch(local(`${url}`).replace(/^ws/, 'http'), init);
      return new Response(await response.text(), { status: response.status, headers: response.headers });
    },
  },
  backoff: { base: 4_000, cap: 9_000 },
  breaker: { consecutiveFailures: 2, openTime: 9_000 },
  load: { maximum: 8, threshold: 900 },
});
const running = [
  pool.subscribe({ kinds: [1], authors: [0, 1, 2].map((n) => testKey(n).publicKey) }, { id: 'feed' }).subscribe(),
];
const route = balanced(2, { hedge: new HedgePolicy() });
const priorities = ['normal', 'low', 'high', 'normal', 'critical'];
let made = 0;
const traffic = setInterval(() => {
  const n = made++;
  const priority = priorities[n % priorities.length];
  if (n % 9 === 0) {
    const event = signedEvent({ content: `live ${n}`, created_at: Math.floor(Date.now() / 1_000) }, testKey(n % 8));
    running.push(pool.publish(event, { priority }).subscribe());
  } else if (n % 50 === 1) {
    for (let k = 0; k < 30; k++)
      running.push(pool.request({ kinds: [1], '#t': [`${n}-${k}`] }, { priority: priorities[k % 5] }).subscribe());
  } else {
    const filter = { kinds: [0, 1], authors: [testKey(n % 8).publicKey], limit: 20 + (n % 400) };
    running.push(pool.request(filter, { id: n % 3 === 0 ? `profile-${n}` : undefined, priority, route }).subscribe());
  }
}, 110);

const dashboard = await serveFromSources(pool);
const browser = await launchChromium();
try {
  await mkdir(IMAGES, { recursive: true });
  const shots = [
    { name: 'light', colorScheme: 'light', width: 1_240, height: 1_000 },
    { name: 'dark', colorScheme: 'dark', width: 1_240, height: 1_000 },
    { name: 'phone', colorScheme: 'light', width: 390, height: 844, scale: 2 },
  ];
  const pages = [];
  for (const { colorScheme, width, height, scale = 1 } of shots) {
    const page = await browser.newPage({ colorScheme, viewport: { width, height }, deviceScaleFactor: scale });
    await page.goto(dashboard.url);
    pages.push(page);
  }
  const lima = relays.get('lima.example');
  const berlin = relays.get('berlin.example');
  await pause(TRAFFIC * 0.5);
  berlin.drop();
  await pause(TRAFFIC * 0.3);
  await lima.stop();
  await pause(TRAFFIC * 0.2);
  for (const [index, { name }] of shots.entries()) {
    const page = pages[index];
    const call = page.getByRole('option', { name: 'profile-' }).first();
    await call.click();
    await page.mouse.move(0, 0);
    await page.evaluate(() => scrollTo(0, 0));
    await pause(1_200);
    const taken = await page.screenshot({ fullPage: name !== 'phone' });
    await writeFile(`${IMAGES}dashboard-${name}.png`, packPng(taken));
  }
} finally {
  clearInterval(traffic);
  for (const subscription of running) subscription.unsubscribe();
  await browser.close();
  await dashboard.close();
  pool.close();
  await Promise.all([...relays.values()].map((relay) => relay.stop()));
}
