import { createElement, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { RelayPoolProvider, useEvents, usePublish, useRelayPool, useRelays } from '../../src/react/index.ts';
import { world } from '../support/world.ts';

function Feed(): ReactNode {
  const events = useEvents({ kinds: [1] });
  const relays = useRelays();
  const { reports } = usePublish();
  return `${events.length} events, ${reports.length} reports, ${relays.map(({ url, state }) => `${url} ${state}`).join()}`;
}
const options = { relays: ['wss://relay1.test'] };

describe('on a server', () => {
  it('renders without a socket: no events, and the relays that there are', async () => {
    const { time, network, relay, note } = world();
    relay.seed(note('stored'));
    let dialled = 0;
    class Counted extends network.WebSocket {
      constructor(url: string | URL) {
        super(url);
        dialled++;
      }
    }
    const props = { options: { ...options, scheduler: time, WebSocket: Counted } };
    const html = renderToString(createElement(RelayPoolProvider, props, createElement(Feed)));
    expect(html).toBe('0 events, 0 reports, wss://relay1.test/ disconnected');
    expect(await time.settle()).toBe(true);
    expect(dialled).toBe(0);
  });

  it('renders with a pool that it is given', () => {
    const { pool } = world();
    const Pool = (): ReactNode => String(useRelayPool() === pool);
    expect(renderToString(createElement(RelayPoolProvider, { pool }, createElement(Pool)))).toBe('true');
  });

  it('says what is missing when there is no provider', () => {
    expect(() => renderToString(createElement(Feed))).toThrow('put a RelayPoolProvider around this component');
  });

  it('throws what is wrong with the options while it renders', () => {
    const render = (...options: Parameters<typeof useEvents>): string => {
      const Wrong = (): ReactNode => useEvents(...options).length;
      const { pool } = world();
      return renderToString(createElement(RelayPoolProvider, { pool }, createElement(Wrong)));
    };
    expect(() => render({ kinds: [-1] })).toThrow("'kinds'");
    expect(() => render({ kinds: [1] }, { limit: 0 })).toThrow(RangeError);
    const Publisher = (): ReactNode => usePublish({ limit: 0 }).reports.length;
    const { pool } = world();
    expect(() => renderToString(createElement(RelayPoolProvider, { pool }, createElement(Publisher)))).toThrow(
      "usePublish: 'limit' must be a whole number above 0; got 0.",
    );
  });
});
