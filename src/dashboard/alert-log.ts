import type { PoolMetrics } from '../pool/metrics.ts';
import { percent, relayName } from './format.ts';
import type { DashboardRelay } from './source.ts';

/** Alerts that are kept, the latest. */
export const MOST_ALERTS = 100;
/** The share of failures from which the messages of the last minute are an alert, and below which it is over. */
const ERRORS = { from: 0.2, below: 0.1 };
/** Messages that wait for their turn from which it is an alert, and below which it is over. */
const QUEUED = { from: 100, below: 50 };

/** What happened, for a list. */
export interface Alert {
  /** Tells it from the others; later ones have higher numbers. */
  readonly number: number;
  /** By the pool's clock, in milliseconds. */
  readonly at: number;
  readonly level: 'bad' | 'warning' | 'good';
  readonly text: string;
}

type Condition = readonly [level: Alert['level'], text: string];

/** Makes alerts of what changes: each is told when it begins and when it is over, not in between. */
export class AlertLog {
  readonly #alerts: Alert[] = [];
  /** What holds now, by what it is about. */
  readonly #holding = new Set<string>();
  /** The relays by URL, each with what alerts are made of: most updates change nothing of it. */
  readonly #seen = new Map<string, number>();
  #count = 0;

  /** The latest first. */
  get alerts(): readonly Alert[] {
    return this.#alerts;
  }

  /** Alerts so far, those that are not kept any more too. */
  get count(): number {
    return this.#count;
  }

  relaysChanged(relays: readonly DashboardRelay[], at: number): void {
    let failing = 0;
    for (const relay of relays) {
      const marks = marksOf(relay);
      if (marks & 1) failing++;
      if (this.#seen.get(relay.url) === marks) continue;
      this.#seen.set(relay.url, marks);
      this.#look(relay, at);
    }
    if (this.#seen.size > relays.length) this.#forget(new Set(relays.map(({ url }) => url)));
    this.#holds('outage', relays.length > 1 && failing === relays.length, at, {
      begins: ['bad', 'no relay can be reached: it may be this side that is offline'],
      ends: ['good', 'relays can be reached again'],
    });
  }

  measured({ all, at }: PoolMetrics): void {
    const { messageErrorRate } = all;
    this.#crosses('errors', messageErrorRate, ERRORS, at, {
      begins: ['bad', `${percent(messageErrorRate)} of the messages of the last minute got no answer`],
      ends: ['good', 'nearly all messages get an answer again'],
    });
    const queued = Object.values(all.queue).reduce((sum, { depth }) => sum + depth, 0);
    this.#crosses('queue', queued, QUEUED, at, {
      begins: ['warning', `${queued} messages wait for their turn`],
      ends: ['good', 'the queue is short again'],
    });
  }

  /** The source of all this is there, or not. */
  connected(isConnected: boolean, at: number): void {
    this.#holds('source', !isConnected, at, {
      begins: ['bad', 'the pool that is watched does not answer; what is shown is the last that was heard'],
      ends: ['good', 'the pool that is watched answers again'],
    });
  }

  #look(relay: DashboardRelay, at: number): void {
    const { url, error, state, circuit, isReduced, quarantinedUntil } = relay;
    const name = relayName(url);
    const isUp = state === 'connected' || state === 'authenticated';
    this.#holds(`${url} lost`, isLost(relay), at, {
      begins: ['bad', `${name} is lost: ${error?.code}`],
      // It may also be that nobody needs it any more.
      ends: isUp ? ['good', `${name} is connected again`] : undefined,
    });
    this.#holds(`${url} failed`, state === 'failed', at, {
      begins: ['bad', `${name} has failed every attempt; it is tried rarely now`],
    });
    this.#holds(`${url} circuit`, circuit !== 'closed', at, {
      begins: ['bad', `${name} fails too often: its circuit breaker is open`],
      ends: ['good', `${name} has proved itself: its circuit breaker is closed`],
    });
    this.#holds(`${url} reduced`, isReduced, at, {
      begins: ['warning', `${name} answers too slowly: it is given less to do`],
      ends: ['good', `${name} is fast enough again`],
    });
    this.#holds(`${url} quarantined`, quarantinedUntil !== undefined, at, {
      begins: ['bad', `${name} was dropped for what it sent, and is left alone for a while`],
      ends: ['warning', `${name} is no longer left alone`],
    });
  }

  #crosses(
    what: string,
    value: number,
    { from, below }: typeof ERRORS,
    at: number,
    texts: { readonly begins: Condition; readonly ends: Condition },
  ): void {
    this.#holds(what, this.#holding.has(what) ? value >= below : value >= from, at, texts);
  }

  #holds(
    what: string,
    isSo: boolean,
    at: number,
    { begins, ends }: { readonly begins: Condition; readonly ends?: Condition | undefined },
  ): void {
    if (isSo === this.#holding.has(what)) return;
    if (isSo) this.#holding.add(what);
    else this.#holding.delete(what);
    const said = isSo ? begins : ends;
    if (!said) return;
    const [level, text] = said;
    this.#alerts.unshift({ number: ++this.#count, at, level, text });
    if (this.#alerts.length > MOST_ALERTS) this.#alerts.pop();
  }

  /** What held of relays that are gone. */
  #forget(here: ReadonlySet<string>): void {
    for (const url of this.#seen.keys()) {
      if (here.has(url)) continue;
      this.#seen.delete(url);
      for (const what of ['lost', 'failed', 'circuit', 'reduced', 'quarantined']) {
        this.#holding.delete(`${url} ${what}`);
      }
    }
  }
}

function isLost({ error, state }: Pick<DashboardRelay, 'error' | 'state'>): boolean {
  return error !== undefined && state !== 'connected' && state !== 'authenticated';
}

/** All that alerts depend on in one number, of which the first bit says that it is lost. */
function marksOf(relay: DashboardRelay): number {
  const { state, circuit, isReduced, quarantinedUntil } = relay;
  const isUp = state === 'connected' || state === 'authenticated';
  const marks = [
    isLost(relay),
    isUp,
    state === 'failed',
    circuit !== 'closed',
    isReduced,
    quarantinedUntil !== undefined,
  ];
  return marks.reduce((sum, isSo, bit) => sum + (isSo ? 2 ** bit : 0), 0);
}
