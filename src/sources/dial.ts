import { Observable } from 'rxjs';
import { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { type LivenessOptions, watchLiveness } from './liveness.ts';
import { socket, type SocketOptions } from './socket.ts';

/** How a relay is dialled, and how its connection behaves. */
export interface DialOptions extends SocketOptions, ConnectionOptions, LivenessOptions {
  /** Called when the socket is gone for good, however it ended. */
  readonly onGone?: (() => void) | undefined;
}

/** Dials on subscribe, emits the {@link Connection} once it is open, and errors with a {@link RelayError} when it ends. */
export function dial(url: RelayUrl, options: DialOptions): Observable<Connection> {
  return new Observable((subscriber) => {
    let open: Connection | undefined;
    const events = {
      frame: (text: string) => open?.receive(text),
      unreadable: () => open?.unreadable(),
      gone: () => options.onGone?.(),
    };
    const end = (error: RelayError): void => {
      open?.lost(error);
      subscriber.error(error);
    };
    // Whoever unsubscribes ends the connection for all who still hold it.
    subscriber.add(() => open?.lost(new RelayError('connection-lost', url, 'The connection was closed by this side.')));
    subscriber.add(
      socket(url, events, options).subscribe({
        next: (openSocket) => {
          open = new Connection(url, openSocket, options);
          open.counters.connects++;
          subscriber.add(watchLiveness(open, options));
          subscriber.next(open);
          open.releaseHeld();
        },
        error: end,
      }),
    );
  });
}
