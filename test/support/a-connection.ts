import type { ClientMessage } from '../../src/protocol/message.ts';
import { parseClientMessage } from '../../src/protocol/message.ts';
import type { RelayError } from '../../src/protocol/relay-error.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { Connection } from '../../src/sources/connection.ts';
import type { ConnectionOptions } from '../../src/sources/connection-options.ts';
import { VirtualTime } from '../../src/testing/index.ts';

/** A real connection on a socket of the test's own. */
export interface OpenConnection {
  readonly connection: Connection;
  readonly time: VirtualTime;
  /** What the connection sent, oldest first. */
  readonly sent: ClientMessage[];
  /** Why the connection failed its socket. */
  readonly failures: RelayError[];
  /** Whether the socket was asked not to be read, each time that changed. */
  readonly pauses: boolean[];
  /** Hands it frames as if the relay had sent them. */
  receive(...frames: readonly string[]): void;
  /** The ids of the REQs sent, oldest first. */
  requestIds(): string[];
}

export function aConnection(
  options: ConnectionOptions & { readonly held?: boolean; readonly canPause?: boolean } = {},
): OpenConnection {
  const time = options.scheduler instanceof VirtualTime ? options.scheduler : new VirtualTime();
  const sent: ClientMessage[] = [];
  const failures: RelayError[] = [];
  const pauses: boolean[] = [];
  const connection: Connection = new Connection(
    relayUrl('wss://relay.test'),
    {
      send: (frame) => sent.push(parseClientMessage(frame)) > 0,
      canPause: options.canPause === true,
      pause: () => pauses.push(true),
      resume: () => pauses.push(false),
      fail: (error) => {
        failures.push(error);
        connection.lost(error);
      },
    },
    { ...options, scheduler: time },
  );
  if (!options.held) connection.releaseHeld();
  return {
    connection,
    time,
    sent,
    failures,
    pauses,
    receive: (...frames) => {
      for (const frame of frames) connection.receive(frame);
    },
    requestIds: () => sent.flatMap((message) => (message.type === 'REQ' ? [message.subscriptionId] : [])),
  };
}
