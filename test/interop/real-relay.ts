import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RelayUnderTest, StartOptions } from '../support/relay-suite.ts';

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly problem?: string;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** Starts the real relay in a process of its own, with an empty database. */
export async function startRealRelay({ cap = 100, auth = false }: StartOptions): Promise<RelayUnderTest> {
  if (!existsSync(join(HERE, 'node_modules/@nostr-relay'))) {
    throw new Error('The real relay is not installed: run `npm ci` in test/interop.');
  }
  const folder = await mkdtemp(join(tmpdir(), 'real-relay-'));
  const options = { file: join(folder, 'events.sqlite'), cap, auth };
  const child = fork(join(HERE, 'real-relay.mjs'), [JSON.stringify(options)]);
  const call = caller(child);
  const port = await call<number>('start');

  return {
    url: `ws://127.0.0.1:${port}/`,
    counts: () => call('counts'),
    store: (events) => call('store', events),
    drop: () => call('drop'),
    stop: () => call('stop'),
    start: async () => void (await call('start')),
    freeze: async () => void child.kill('SIGSTOP'),
    thaw: async () => void child.kill('SIGCONT'),
    end: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

/** Calls across the process boundary; when the process dies, they reject. */
function caller(child: ChildProcess): <T>(verb: string, argument?: unknown) => Promise<T> {
  const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  child.on('message', ({ id, result, problem }: Answer) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (problem === undefined) call?.resolve(result as never);
    else call?.reject(new Error(`The real relay failed: ${problem}`));
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`The real relay exited (${code ?? signal}).`));
    waiting.clear();
  });
  return (verb, argument) =>
    new Promise((resolve, reject) => {
      const id = ++calls;
      waiting.set(id, { resolve, reject });
      child.send({ id, verb, argument });
    });
}
