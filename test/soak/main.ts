import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { RelayPool } from '../../src/index.ts';
import { type Sabotage, SoakApp } from './app.ts';
import { asTable, type Measure, Samples } from './samples.ts';
import { type FromRelays, streamVerifier, type ToRelays } from './stream.ts';

/**
 * A pool under load for an hour (`SOAK_MINUTES`): nothing may be lost, come twice, stay open, or grow. `--sabotage` does something wrong on
 * purpose, and the run then has to fail.
 */
const SECOND = 1_000;
const MEBIBYTE = 2 ** 20;
/** Frames that come in a second, at the mean of the run. */
const LOAD = 1_500;
const SABOTAGES: readonly Sabotage[] = ['events', 'timers', 'listeners', 'loss', 'twice'];
/** Milliseconds after which what did not come is lost. Relays keep events for longer. */
const GRACE = 90 * SECOND;
/** What is learnt and remembered up to a bound has reached it by then: a tenth of the run, and thirty seconds at least. */
const WARM_UP = { least: 30, share: 0.1 };

const { values } = parseArgs({ options: { sabotage: { type: 'string' }, seed: { type: 'string', default: '1' } } });
const sabotage = SABOTAGES.find((one) => one === values.sabotage);
if (values.sabotage !== undefined && sabotage === undefined)
  throw new RangeError(`--sabotage takes ${SABOTAGES.join(', ')}.`);
const seconds = Math.round(Number(process.env['SOAK_MINUTES'] ?? 60) * 60);
const warmUp = Math.max(WARM_UP.least, seconds * WARM_UP.share);
if (!(seconds >= warmUp + 30)) throw new RangeError('SOAK_MINUTES takes one at least.');
const collectGarbage = globalThis.gc;
if (!collectGarbage) throw new Error('Run it with node --expose-gc.');

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** What keeps this process busy, by type. */
function resources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

async function until(holds: () => boolean, patience: number): Promise<boolean> {
  for (const end = Date.now() + patience; !holds(); await wait(50)) if (Date.now() > end) return false;
  return true;
}

/** The relays' process, and what it said last. */
class Relays {
  before = 0;
  troubles = 0;
  connections: number | undefined;
  isCalm = false;
  urls: readonly string[] = [];
  /** What had been sent, and when that was heard. */
  readonly #sent: { readonly before: number; readonly at: number }[] = [];

  constructor(private readonly child: ChildProcess) {
    child.on('message', (message: FromRelays) => this.#heard(message));
  }

  tell(message: ToRelays): void {
    this.child.send(message);
  }

  /** Numbers before this one were sent longer ago than the grace. */
  overdue(now: number): number {
    let before = 0;
    while (this.#sent[0] && this.#sent[0].at < now - GRACE) before = this.#sent.shift()?.before ?? 0;
    return before;
  }

  #heard(message: FromRelays): void {
    switch (message.type) {
      case 'ready':
        this.urls = message.urls;
        return;
      case 'sent':
        ({ before: this.before, troubles: this.troubles } = message);
        this.#sent.push({ before: message.before, at: Date.now() });
        return;
      case 'calm':
        this.before = message.before;
        this.isCalm = true;
        return;
      case 'connections':
        this.connections = message.count;
    }
  }
}

const child = fork(fileURLToPath(new URL('relays.child.mjs', import.meta.url)), [values.seed], { execArgv: [] });
const relays = new Relays(child);
const broken: string[] = [];
child.once('exit', (code) => code === 0 || broken.push(`the relays' process ended with ${code}`));
if (!(await until(() => relays.urls.length > 0, 20 * SECOND))) throw new Error('The relays did not start.');
const atFirst = resources();

const sockets = new Set<WebSocket>();
class CountedWebSocket extends WebSocket {
  constructor(url: string) {
    super(url);
    sockets.add(this);
    this.once('close', () => sockets.delete(this));
  }
}
const pool = new RelayPool({
  relays: relays.urls,
  WebSocket: CountedWebSocket,
  verifier: streamVerifier,
  backoff: { base: 100, floor: 50, cap: 2_000 },
  maxBacklog: 1_000,
});
const app = new SoakApp(pool, sockets, sabotage);
const listeners = (): number =>
  [process, ...sockets].reduce(
    (sum, emitter) => sum + emitter.eventNames().reduce((all, name) => all + emitter.listenerCount(name), 0),
    0,
  );
const ofRelays = (of: (relay: SoakApp['relays'][number]) => number): number =>
  app.relays.reduce((sum, relay) => sum + of(relay), 0);

/** What comes and goes with the load: little in a long run, and no more than a bad moment in a short one. */
const few = { slope: 1, total: 150 };
let active = atFirst;
const counted = (name: string, read: () => number, bounds = few): Measure => ({
  name,
  unit: '',
  digits: 1,
  bounds,
  read,
});
const measures: readonly Measure[] = [
  {
    name: 'heap',
    unit: 'MiB',
    digits: 2,
    bounds: { slope: 1, total: 8 },
    read: () => {
      // What follows needs no collecting: it is read right away.
      collectGarbage();
      return process.memoryUsage().heapUsed / MEBIBYTE;
    },
  },
  counted('timers', () => (active = resources()).get('Timeout') ?? 0, { slope: 2, total: 400 }),
  counted('sockets', () => active.get('TCPSocketWrap') ?? 0),
  counted('other resources', () =>
    [...active].reduce((sum, [type, count]) => sum + (/Timeout|TCPSocket/.test(type) ? 0 : count), 0),
  ),
  // Some six for each of at most twenty sockets.
  { ...counted('listeners', listeners, { slope: 2, total: 150 }), atMost: 200 },
  counted('streams open', () => app.running),
  counted('connections', () => ofRelays(({ connections }) => connections)),
  counted('in flight', () => ofRelays(({ inFlight }) => inFlight)),
  counted('queued', () => ofRelays(({ queued }) => queued)),
  counted('explanations', () => pool.explanations.length),
  counted('ahead of their turn', () => app.ahead, { slope: 200, total: 8_000 }),
];
const samples = new Samples(measures, seconds);

const startedAt = performance.now();
for (let second = 1; second <= seconds; second++) {
  await wait(Math.max(0, startedAt + second * SECOND - performance.now()));
  if (second > warmUp) samples.take((performance.now() - startedAt) / 60_000);
  app.giveUp(relays.overdue(Date.now()));
  if (app.broken.length > 100) break;
  if (second % 60 === 0) {
    const { events, requests, published, counted: counts } = app.tally;
    print(
      `${second / 60} min: ${relays.before} events, ${events} delivered, ${requests} views, ${published} published, ` +
        `${counts} counts, ${relays.troubles} troubles, ${app.broken.length} broken`,
    );
  }
}
const cpu = process.cpuUsage();

relays.tell('calm');
app.calm();
if (!(await until(() => relays.isCalm, 20 * SECOND))) broken.push('the relays did not calm down');
if (!(await until(() => app.hasAll(relays.before), GRACE))) app.giveUp(relays.before);
// The views that are open last for some seconds, a publish and a count for five.
const stays = 5;
if (!(await until(() => app.running <= stays, 15 * SECOND))) broken.push(`there are open: ${app.runningNames}`);
const received = ofRelays(({ counters }) => counters.frames) / seconds;
const { counters } = app.relays.at(-1) ?? {};

pool.close();
if (!(await until(() => app.running === 0, 5 * SECOND))) broken.push(`the pool was outlived by ${app.runningNames}`);
const leftovers = (): string[] => {
  // The timer that waits for this is one itself.
  const wanted = new Map(atFirst).set('Timeout', 1);
  // The pipes of the output are not the pool's.
  return [...resources()]
    .filter(([type]) => !/Pipe|TTY/.test(type))
    .flatMap(([type, count]) => (count > (wanted.get(type) ?? 0) ? [`${count} ${type}`] : []));
};
if (!(await until(() => leftovers().length === 0, 10 * SECOND))) broken.push(`left open: ${leftovers().join(', ')}`);
if (sockets.size > 0) broken.push(`${sockets.size} sockets did not close`);
relays.tell('connections');
if (!(await until(() => relays.connections !== undefined, 5 * SECOND))) broken.push('the relays do not answer');
if (relays.connections !== 0) broken.push(`${relays.connections} connections are open at the relays`);
relays.tell('end');
await once(child, 'exit');

const rows = samples.rows();
const { tally } = app;
const share = (cpu.user + cpu.system) / 1_000 / (performance.now() - startedAt);
print(
  `\n${seconds} s, the first ${warmUp} of them not measured; ${samples.size} samples, seed ${values.seed}${sabotage ? `, sabotaged: ${sabotage}` : ''}`,
);
print(
  `${Math.round(received)} frames a second of ${relays.before} events, ${tally.events} delivered; ${tally.requests} views, ${tally.published} published`,
);
print(
  `(${tally.notAccepted} by no relay in time), ${tally.counted} counts, ${relays.troubles} troubles with relays, ${Math.round(share * 100)} % of a processor`,
);
print(`the liar's: ${JSON.stringify(counters)}\n`);
print(asTable(rows));
broken.push(
  ...app.broken,
  ...rows.filter(({ isTooMuch }) => isTooMuch).map(({ measure }) => `too much: ${measure.name}`),
);
if (received < LOAD) broken.push(`no load worth the name: ${Math.round(received)} frames a second`);
for (const line of broken.slice(0, 20)) print(`BROKEN: ${line}`);
print(broken.length === 0 ? '\nNothing was lost, came twice, stayed open or grew.' : `\n${broken.length} broken`);
// What was left open on purpose would keep the process.
process.exit(broken.length === 0 ? 0 : 1);
