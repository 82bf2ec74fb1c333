import { describe, expect, it } from 'vitest';
import { RelayError, type RelayErrorCode } from '../../src/protocol/relay-error.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { socket, type Socket, type SocketOptions } from '../../src/sources/socket.ts';
import { VirtualNetwork, VirtualTime } from '../../src/testing/index.ts';
import { FakeWebSocket, fakeWebSockets } from '../support/fake-web-socket.ts';
import { hear } from '../support/world.ts';

const url = relayUrl('wss://relay.test');

/** Dials; `ws` is the socket of the platform, `heard` what comes out of ours. */
function dial(options: SocketOptions = {}) {
  const time = new VirtualTime();
  const { WebSocket, made } = fakeWebSockets();
  const events: string[] = [];
  const opened = hear(
    socket(
      url,
      {
        frame: (text) => events.push(`frame ${text}`),
        unreadable: () => events.push('unreadable'),
        gone: () => events.push('gone'),
      },
      { scheduler: time, WebSocket, ...options },
    ),
  );
  const ws = made[0] ?? new FakeWebSocket('none was made');
  const open = (): Socket => {
    ws.open();
    const [ours] = opened.values;
    if (!ours) throw new Error('it did not open');
    return ours;
  };
  const code = (): RelayErrorCode | undefined => (opened.error as RelayError | undefined)?.code;
  const message = (): string => (opened.error as RelayError | undefined)?.message ?? '';
  return { time, ws, made, events, opened, open, code, message };
}

describe('socket', () => {
  it('dials the URL on subscribe, and emits the socket once it is open', () => {
    const { ws, made, opened, open, time } = dial();
    expect(made.map((each) => each.url)).toEqual([url]);
    expect(opened.values).toEqual([]);
    open().send('hello');
    expect(ws.sent).toEqual(['hello']);
    expect(opened.completed).toBe(false);
    // The limit on connecting is off the clock.
    expect(time.actions).toHaveLength(0);
  });

  it('hands on text frames in their order', () => {
    const { ws, open, events } = dial();
    open();
    ws.message('one');
    ws.message('');
    ws.message('two');
    expect(events).toEqual(['frame one', 'frame ', 'frame two']);
  });

  it.each([
    ['closing', 2],
    ['closed', 3],
  ])('gives no frame to a socket that is %s, and reports nothing: its close event does', (_, readyState) => {
    const { ws, open, opened, events, code } = dial();
    const ours = open();
    ws.readyState = readyState;
    // What the platform does with such a frame is its own affair, so it must not be asked.
    ws.failure = new Error('InvalidStateError');
    expect(ours.send('hello')).toBe(false);
    expect(ws.sent).toEqual([]);
    expect([events, opened.values.length, opened.error, opened.completed]).toEqual([[], 1, undefined, false]);
    expect(ws.closes).toEqual([]);
    ws.gone(1006);
    expect(events).toEqual(['gone']);
    expect(code()).toBe('connection-lost');
  });

  it.each([new ArrayBuffer(4), new Uint8Array(4), { blob: true }, null, 7])(
    'takes no frame that is not text (%j), and goes on',
    (data) => {
      const { ws, open, events, code } = dial();
      open();
      ws.message(data);
      ws.message('text');
      expect(events).toEqual(['unreadable', 'frame text']);
      expect(code()).toBeUndefined();
    },
  );

  it('takes no message beyond the limit, and goes on', () => {
    const { ws, open, events } = dial({ maxMessageBytes: 5 });
    open();
    ws.message('12345');
    ws.message('123456');
    ws.message('ok');
    expect(events).toEqual(['frame 12345', 'unreadable', 'frame ok']);
  });

  it('takes messages of 10 MiB unless told', () => {
    const { ws, open, events } = dial();
    open();
    ws.message('x'.repeat(10 * 2 ** 20 + 1));
    expect(events).toEqual(['unreadable']);
    ws.message('x'.repeat(10 * 2 ** 20));
    expect(events).toHaveLength(2);
    expect(events[1]?.startsWith('frame x')).toBe(true);
  });

  describe('ends with an error that says what happened:', () => {
    it('connect-timeout, 5 s after dialling unless told', async () => {
      const { time, opened, code, ws } = dial();
      await time.advance(4_999);
      expect(opened.error).toBeUndefined();
      await time.advance(1);
      expect(code()).toBe('connect-timeout');
      expect(ws.closes).toEqual([1000]);
      expect(time.actions).toHaveLength(0);
      const short = dial({ connectTimeout: 100 });
      await short.time.advance(100);
      expect(short.code()).toBe('connect-timeout');
    });

    it('connect-timeout, and a socket that opens after it is hung up on', async () => {
      const { time, opened, ws, events } = dial();
      await time.advance(5_000);
      ws.open();
      ws.message('too late');
      expect(opened.values).toEqual([]);
      expect(events).toEqual([]);
      expect(ws.closes).toEqual([1000, 1000]);
      ws.gone(1000);
      expect(events).toEqual(['gone']);
    });

    it('connect-failed, when the relay refuses', () => {
      const { ws, opened, code, message, events, time } = dial();
      const cause = new Error('ECONNREFUSED');
      ws.error(cause);
      expect(opened.error).toBeUndefined();
      ws.gone(1006);
      expect(code()).toBe('connect-failed');
      expect(message()).toContain('1006');
      expect((opened.error as RelayError).cause).toBe(cause);
      expect((opened.error as RelayError).relay).toBe(url);
      expect(events).toEqual(['gone']);
      expect(time.actions).toHaveLength(0);
    });

    it('connect-failed, when the class throws: a URL that the platform does not want, a policy of the page', () => {
      const cause = new Error('blocked by policy');
      const { opened, code, message, time } = dial({
        WebSocket: class extends FakeWebSocket {
          constructor(address: string) {
            super(address);
            throw cause;
          }
        },
      });
      expect(code()).toBe('connect-failed');
      expect(message()).toContain('blocked by policy');
      expect((opened.error as RelayError).cause).toBe(cause);
      expect(time.actions).toHaveLength(0);
    });

    it('connection-lost, when an open connection breaks off', () => {
      const { ws, open, code } = dial();
      open();
      ws.gone(1006);
      expect(code()).toBe('connection-lost');
    });

    it.each([1000, 1001, 1005, 1008, 1011, 1012, 4000])(
      'closed-by-relay, with its code (%i) and words',
      (closeCode) => {
        const { ws, open, code, message } = dial();
        open();
        ws.gone(closeCode, `going down ${'for maintenance '.repeat(50)}`);
        expect(code()).toBe('closed-by-relay');
        expect(message()).toContain(`code ${closeCode}`);
        expect(message()).toContain('going down');
        expect(message().length).toBeLessThan(300);
      },
    );

    it('message-too-large, when either side says so', () => {
      const theirs = dial({ maxMessageBytes: 100 });
      theirs.open();
      theirs.ws.gone(1009);
      expect([theirs.code(), theirs.message()]).toEqual(['message-too-large', expect.stringContaining('100 bytes')]);

      const ours = dial();
      ours.open();
      ours.ws.error(
        Object.assign(new RangeError('Max payload size exceeded'), { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' }),
      );
      ours.ws.gone(1006);
      expect(ours.code()).toBe('message-too-large');
    });

    it('send-failed, when the socket refuses a frame, and nothing is thrown at the sender', () => {
      const { ws, open, opened, code } = dial();
      const ours = open();
      ws.failure = new Error('InvalidStateError');
      ours.send('hello');
      expect(code()).toBe('send-failed');
      expect((opened.error as RelayError).cause).toBe(ws.failure);
      expect(ws.closes).toEqual([1000]);
      ours.send('once more');
    });

    it('the error that it is failed with', () => {
      const { ws, open, opened, events } = dial();
      const error = new RelayError('half-open', url, 'nobody there');
      const ours = open();
      ours.fail(error);
      expect(opened.error).toBe(error);
      expect(ws.closes).toEqual([1000]);
      ws.message('still coming');
      ws.gone(1000);
      expect(events).toEqual(['gone']);
      ours.fail(new RelayError('abusive', url, 'again'));
      expect(opened.error).toBe(error);
    });

    it('but one error of the platform alone ends nothing', () => {
      const { ws, open, opened } = dial();
      open();
      ws.error(new Error('something'));
      expect(opened.error).toBeUndefined();
    });
  });

  describe('unsubscribing', () => {
    it('closes an open socket cleanly and hears nothing more but that it is gone', () => {
      const { ws, open, opened, events } = dial();
      open();
      opened.subscription.unsubscribe();
      expect(ws.closes).toEqual([1000]);
      ws.message('late');
      ws.error(new Error('late'));
      ws.gone(1000);
      expect(events).toEqual(['gone']);
      expect(opened.error).toBeUndefined();
    });

    it('gives a connecting one up', () => {
      const { ws, opened, time } = dial();
      opened.subscription.unsubscribe();
      expect(ws.closes).toEqual([1000]);
      expect(time.actions).toHaveLength(0);
      ws.open();
      expect(opened.values).toEqual([]);
      expect(ws.closes).toEqual([1000, 1000]);
    });

    it('does not mind a socket that cannot even be closed', () => {
      const { ws, open, opened } = dial();
      open();
      ws.failure = new Error('InvalidStateError');
      expect(() => opened.subscription.unsubscribe()).not.toThrow();
      expect(ws.closes).toEqual([1000]);
    });
  });

  it('throws nothing out of a callback, though nobody listens to its errors any more', () => {
    const { ws, open, opened } = dial();
    const ours = open();
    opened.subscription.unsubscribe();
    expect(() => {
      ws.open();
      ws.message('x');
      ws.message(null);
      ws.error();
      ws.gone(1006);
      ws.gone(1006);
      ours.send('x');
      ours.fail(new RelayError('abusive', url, 'x'));
    }).not.toThrow();
  });

  it('does all this over a network too, and can be subscribed to again', async () => {
    const time = new VirtualTime();
    const network = new VirtualNetwork({ time, latency: 10 });
    const relay = network.relay(url);
    const frames: string[] = [];
    const dialled = socket(
      url,
      { frame: (text) => frames.push(text), unreadable: () => frames.push('?') },
      { scheduler: time, WebSocket: network.WebSocket },
    );
    for (let round = 0; round < 2; round++) {
      const opened = hear(dialled);
      await time.advance(100);
      opened.values[0]?.send('["REQ","a",{"kinds":[1]}]');
      await time.advance(100);
      expect(frames.splice(0)).toEqual(['["EOSE","a",["finish"]]']);
      relay.drop(1001, 'bye');
      await time.advance(100);
      expect(opened.error).toMatchObject({ code: 'closed-by-relay' });
    }
    relay.faults.hang = true;
    const hanging = hear(dialled);
    await time.advance(5_000);
    expect(hanging.error).toMatchObject({ code: 'connect-timeout' });
    relay.faults.hang = false;
    relay.faults.refuse = true;
    const refused = hear(dialled);
    await time.advance(100);
    expect(refused.error).toMatchObject({ code: 'connect-failed' });
    expect(relay.connectionCount).toBe(0);
  });
});
