import { asyncScheduler, Observable, type SchedulerLike } from 'rxjs';
import { PlatformWebSocket } from '#web-socket';
import { RelayError, type RelayErrorCode } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { WebSocketConstructor, WebSocketLike } from './web-socket.ts';

/** How relays are dialled. */
export interface SocketOptions {
  /** The WebSocket class. @default the package ws in Node, the platform's in browsers */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** Milliseconds until an attempt to connect is given up. @default 5_000 */
  readonly connectTimeout?: number | undefined;
  /** The largest message that is taken, in bytes (in browsers: UTF-16 units). @default 10_485_760 */
  readonly maxMessageBytes?: number | undefined;
  /** Clock and timers. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/** An open socket: text frames out, text frames in, and a way to declare it dead. */
export interface Socket {
  /** Says whether the socket took the frame; while it is closing it takes none. */
  send(frame: string): boolean;
  /** Whether the platform can stop to read; where it cannot, {@link Socket.pause} does nothing. */
  readonly canPause: boolean;
  /** Reads nothing more until {@link Socket.resume}, but for what was read already. */
  pause(): void;
  resume(): void;
  /** Ends the socket with this error, as if the network had. */
  fail(error: RelayError): void;
}

/** Who hears what comes out of a socket. */
export interface SocketEvents {
  frame(text: string): void;
  /** A frame came that is not text, or is too large for us. */
  unreadable(): void;
  /** The socket is gone for good, after an error or after unsubscribing. */
  gone?(): void;
}

/** The `readyState` in which a WebSocket takes frames. */
const OPEN = 1;
const CLEAN_CLOSE = 1_000;
const MESSAGE_TOO_BIG = 1_009;
const NO_CLOSE_FRAME = 1_006;

/**
 * Dials a relay on subscribe and emits the socket once it is open. Whatever ends it, a clean close by the relay included, is a
 * {@link RelayError}; unsubscribing closes it. Nothing is thrown out of a socket callback.
 */
export function socket(url: RelayUrl, events: SocketEvents, options: SocketOptions = {}): Observable<Socket> {
  const { connectTimeout = 5_000, maxMessageBytes = 10 * 1024 * 1024, scheduler = asyncScheduler } = options;
  return new Observable((subscriber) => {
    let isOpen = false;
    let problem: unknown;

    const fail = (code: RelayErrorCode, message: string): void => {
      subscriber.error(new RelayError(code, url, message, problem === undefined ? undefined : { cause: problem }));
    };
    const timer = scheduler.schedule(
      () => fail('connect-timeout', `No connection within ${connectTimeout} ms.`),
      connectTimeout,
    );
    subscriber.add(timer);

    const ws = dial();
    if (!ws) return;
    subscriber.add(() => hangUp(ws));

    ws.addEventListener('open', () => {
      timer.unsubscribe();
      if (subscriber.closed) return hangUp(ws);
      isOpen = true;
      subscriber.next({
        send,
        canPause: ws.pause !== undefined,
        pause: () => ws.pause?.(),
        resume: () => ws.resume?.(),
        fail: (error) => subscriber.error(error),
      });
    });
    ws.addEventListener('message', ({ data }) => {
      if (subscriber.closed) return;
      if (typeof data !== 'string' || data.length > maxMessageBytes) events.unreadable();
      else events.frame(data);
    });
    ws.addEventListener('error', (event) => (problem = event.error ?? problem));
    ws.addEventListener('close', ({ code, reason }) => {
      ended(code, reason);
      events.gone?.();
    });

    function dial(): WebSocketLike | undefined {
      try {
        return options.WebSocket ? new options.WebSocket(url) : new PlatformWebSocket(url, maxMessageBytes);
      } catch (cause) {
        problem = cause;
        fail('connect-failed', `The WebSocket could not be created: ${String(cause)}.`);
        return undefined;
      }
    }

    function send(frame: string): boolean {
      // While it is closing it would swallow frames, and browsers would complain; its close event is on the way.
      if (ws?.readyState !== OPEN) return false;
      try {
        ws.send(frame);
        return true;
      } catch (cause) {
        problem = cause;
        fail('send-failed', 'The socket refused a frame.');
        return false;
      }
    }

    function ended(code: number, reason: string): void {
      const words = `code ${code}${reason ? `, "${reason.slice(0, 200)}"` : ''}`;
      if (!isOpen) fail('connect-failed', `The connection was refused (${words}).`);
      else if (code === MESSAGE_TOO_BIG || isTooLarge(problem)) {
        fail('message-too-large', `A message was larger than ${maxMessageBytes} bytes; see maxMessageBytes.`);
      } else if (code === NO_CLOSE_FRAME) fail('connection-lost', 'The connection broke off.');
      else fail('closed-by-relay', `The relay closed the connection (${words}).`);
    }
  });
}

function hangUp(ws: WebSocketLike): void {
  try {
    // Whoever does not read does not hear that the other side has closed, too.
    ws.resume?.();
    ws.close(CLEAN_CLOSE);
  } catch {
    // A socket that cannot even be closed is gone already.
  }
}

/** How the package ws says that a message exceeded its `maxPayload`. */
function isTooLarge(problem: unknown): boolean {
  return problem instanceof Error && 'code' in problem && problem.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
}
