import { fork } from 'node:child_process';
import type { Measured } from '../client-process/measured.ts';
import type { FromClient, Job, ToClient } from '../client-process/messages.ts';
import { BUILT } from './build.ts';
import type { RelayProcess } from './relay-process.ts';

/** Milliseconds that a client gets on top of its limit, to start and to answer, before it is ended. */
const GRACE = 15_000;

/** Runs one job in a fresh process. A client that dies, or does not answer any more, delivered nothing. */
export async function runClient(job: Job, relays: RelayProcess): Promise<Measured> {
  const needsFlag = job.variant?.startsWith('platform') && !('WebSocket' in globalThis);
  const child = fork(`${BUILT}/client.mjs`, {
    execArgv: ['--expose-gc', ...(needsFlag ? ['--experimental-websocket'] : [])],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const say = (message: ToClient): void => void (child.connected && child.send(message));
  let complaints = '';
  child.stderr?.on('data', (data: Buffer) => (complaints = (complaints + data.toString()).slice(-2_000)));
  return new Promise((resolve) => {
    const fail = (note: string): void => resolve({ ...NOTHING, note });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`did not answer within ${(job.limit + GRACE) / 1_000} s`);
    }, job.limit + GRACE);
    child.on('message', (message: FromClient) => {
      if (message.type === 'measured') resolve(message.measured);
      else void relays.live(message.plan).then((times) => say({ type: 'sent', times }));
    });
    child.on('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with code ${code}: ${complaints.trim().split('\n').slice(-12).join(' ')}`);
    });
    say({ type: 'job', job });
  });
}

const NOTHING: Measured = { wall: NaN, cpu: NaN, memory: NaN, delivered: 0, expected: 0, again: 0 };
