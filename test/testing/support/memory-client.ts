import type { RelayCore, RelaySession } from '../../../src/testing/index.ts';

/** A client of a RelayCore without any transport: what it sends is answered at once, or when the clock moves. */
export interface MemoryClient {
  readonly session: RelaySession;
  /** Everything received, as raw text. */
  readonly raw: string[];
  /** What is JSON among it, parsed. */
  readonly frames: readonly (readonly unknown[])[];
  /** The code with which the relay ended the connection. */
  readonly closedWith: number | undefined;
  send(...messages: readonly (readonly unknown[] | string)[]): void;
  /** The frames since the last call. */
  next(): readonly (readonly unknown[])[];
}

export function memoryClient(relay: RelayCore): MemoryClient {
  const raw: string[] = [];
  let closedWith: number | undefined;
  let read = 0;
  const session = relay.connect({
    send: (frame) => raw.push(frame),
    close: (code) => {
      closedWith = code;
    },
  });
  const parsed = (from: number): readonly (readonly unknown[])[] =>
    raw.slice(from).map((frame) => JSON.parse(frame) as readonly unknown[]);
  return {
    session,
    raw,
    get frames() {
      return parsed(0);
    },
    get closedWith() {
      return closedWith;
    },
    send(...messages) {
      for (const message of messages) session.receive(typeof message === 'string' ? message : JSON.stringify(message));
    },
    next() {
      const frames = parsed(read);
      read = raw.length;
      return frames;
    },
  };
}
