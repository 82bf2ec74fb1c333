import type { ConsoleMessage } from 'playwright-core';

/** Whether Chromium itself logs that it could not reach a relay, by socket or for its document: no script can prevent that. */
export function isOfUnreachableRelay(message: ConsoleMessage, pageUrl: string): boolean {
  const text = message.text();
  if (text.startsWith("WebSocket connection to 'ws://127.0.0.1:")) return true;
  // A relay stopped while it was asked for its document: at another origin than the page's own.
  const { url } = message.location();
  return (
    text.startsWith('Failed to load resource: net::ERR_CONNECTION_') &&
    url.startsWith('http://127.0.0.1:') &&
    new URL(url).origin !== new URL(pageUrl).origin
  );
}
