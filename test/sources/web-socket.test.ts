import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { encodeClose } from '../../src/protocol/message.ts';
import { PlatformWebSocket } from '../../src/sources/web-socket.node.ts';
import { TestRelay } from '../../src/testing/index.ts';

/** A socket to a relay, and how often it wrote since it was open. */
async function connected(relay: TestRelay) {
  const ws = new PlatformWebSocket(relay.url, 1_000_000);
  const [{ socket }] = (await once(ws, 'upgrade')) as [{ readonly socket: Socket }];
  if (ws.readyState !== ws.OPEN) await once(ws, 'open');
  const writes = [vi.spyOn(socket, '_write'), vi.spyOn(socket, '_writev' as '_write')];
  return { ws, writes: () => writes.reduce((sum, { mock }) => sum + mock.calls.length, 0) };
}

describe('the WebSocket in Node', () => {
  it('writes once for all that is sent at once, in its order', async () => {
    await using relay = await TestRelay.start();
    const { ws, writes } = await connected(relay);
    const ids = Array.from({ length: 50 }, (_, n) => `${n}`);
    for (const id of ids) ws.send(encodeClose(id));
    expect(writes()).toBe(0);
    await vi.waitFor(() => expect(relay.received).toHaveLength(50));
    expect(writes()).toBe(1);
    expect(relay.received.map(({ message }) => 'subscriptionId' in message && message.subscriptionId)).toEqual(ids);
    ws.send(encodeClose('later'));
    await vi.waitFor(() => expect(relay.received).toHaveLength(51));
    expect(writes()).toBe(2);
    ws.close();
  });

  it('sends what was sent before it was closed', async () => {
    await using relay = await TestRelay.start();
    const { ws } = await connected(relay);
    ws.send(encodeClose('last'));
    ws.close();
    await once(ws, 'close');
    expect(relay.received).toHaveLength(1);
  });
});
