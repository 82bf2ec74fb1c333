import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { findChromium, NO_CHROMIUM } from '../../support/chromium.ts';

/** A browser whose tabs hide each other. */
export interface BrowserWithTabs {
  readonly tabs: BrowserContext;
  close(): Promise<void>;
}

/**
 * Playwright makes every page believe that it is in front. Only when it joins a browser that runs already can it be asked not to,
 * so this starts one and joins it.
 */
export async function launchWithTabs(): Promise<BrowserWithTabs> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(NO_CHROMIUM);
  const port = await freePort();
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--remote-debugging-port=${port}`];
  const launched = await chromium.launch({ executablePath, args });
  let joined: Browser;
  try {
    joined = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
  } catch (error) {
    await launched.close();
    throw error;
  }
  const [tabs] = joined.contexts();
  if (!tabs) throw new Error('The browser has no default context.');
  return {
    tabs,
    close: async () => {
      await joined.close();
      await launched.close();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
