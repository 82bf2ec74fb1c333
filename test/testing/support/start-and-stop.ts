import { once } from 'node:events';
import { connect } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { WebSocket } from 'ws';
import { TestRelay } from '../../../src/testing/index.ts';

// A program that has a test relay in every state that could keep it alive, and stops it. Nothing else may hold it.
const relay = await TestRelay.start({ auth: { read: true, challenge: 'refusal' } });
const closed: Promise<unknown>[] = [];
const dial = (): WebSocket => {
  const socket = new WebSocket(relay.url);
  socket.on('error', () => undefined);
  closed.push(new Promise((resolve) => socket.on('close', resolve)));
  return socket;
};

const silent = connect(relay.port, '127.0.0.1').resume();
silent.on('error', () => undefined);
await once(silent, 'connect');

const busy = dial();
await once(busy, 'open');
relay.faults.delay = 60_000;
relay.faults.lateAuth = 60_000;
busy.send('["REQ","waits for its answer and a challenge",{}]');
await firstValueFrom(relay.received$);
relay.flood({ kind: 'notice', count: 1_000_000, perSecond: 1 });

const deaf = dial();
await once(deaf, 'open');
deaf.pause();
relay.drop(1000);

relay.faults.halfOpen = true;
await once(dial(), 'open');

relay.faults.hang = true;
dial();

await relay.stop();
deaf.terminate();
await Promise.all(closed);
process.stdout.write('stopped');
