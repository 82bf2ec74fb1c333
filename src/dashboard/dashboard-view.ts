import type { Unsubscribable } from 'rxjs';
import type { PoolMetrics } from '../pool/metrics.ts';
import { AlertList } from './alert-list.ts';
import { AlertLog } from './alert-log.ts';
import { QueueBars, RegionBars } from './bars.ts';
import { CallList } from './call-list.ts';
import { el, say, set } from './dom.ts';
import { relayName } from './format.ts';
import { Frames } from './frames.ts';
import { LatencyHistory } from './history.ts';
import { LatencyPlot } from './latency-plot.ts';
import { LifeView } from './life-view.ts';
import { queueBars, regionBars, relayDetail, relayRows, tilesOf } from './model.ts';
import { RelayTable } from './relay-table.ts';
import type { DashboardCall, DashboardRelay, DashboardSource } from './source.ts';

/** Milliseconds between two drawings at least. */
const DRAWN_EVERY = 200;
/** Milliseconds between two looks at the calls. */
const CALLS_EVERY = 1_000;

const TILES = {
  relays: 'relays connected',
  rate: 'messages/s',
  load: 'in flight + queue',
  errors: 'unanswered',
  heap: 'heap',
  cpu: 'of one core',
} as const;
type Tile = keyof typeof TILES;

/** Everything inside the element: it takes in what the source says at any rate, and draws the latest now and then. */
export class DashboardView {
  readonly root: HTMLElement;
  readonly #frames = new Frames(DRAWN_EVERY, () => this.#draw());
  readonly #subscriptions: Unsubscribable[] = [];
  readonly #history = new LatencyHistory();
  readonly #log = new AlertLog();
  readonly #tiles = Object.fromEntries(Object.keys(TILES).map((key) => [key, el('dd')])) as Record<Tile, HTMLElement>;
  readonly #status = el('p', { class: 'status mark' });
  readonly #all = el('button', { type: 'button', class: 'away' }, 'Show all relays');
  readonly #scope = el('p', { class: 'scope' });
  readonly #table = new RelayTable((url) => this.#pickRelay(url));
  readonly #plot = new LatencyPlot(() => this.#frames.request());
  readonly #queue = new QueueBars();
  readonly #regions = new RegionBars();
  readonly #calls = new CallList((call) => this.#pickCall(call));
  readonly #life = new LifeView();
  readonly #alerts = new AlertList();
  #relays: readonly DashboardRelay[] = [];
  #metrics: PoolMetrics | undefined;
  /** What the pool's clock said, and when it was heard by ours. */
  #clock: { readonly at: number; readonly heardAt: number } | undefined;
  #isConnected = true;
  #isOver = false;
  #relay: string | undefined;
  #call: string | undefined;
  #latestCalls: readonly DashboardCall[] = [];
  #lookedAt = -Infinity;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  constructor(private readonly source: DashboardSource | undefined) {
    this.#all.addEventListener('click', () => this.#pickRelay(undefined));
    const tiles = Object.entries(TILES).map(([key, title]) =>
      el('div', { class: 'tile' }, el('dt', {}, title), this.#tiles[key as Tile]),
    );
    const top = el('header', {}, el('h1', {}, 'Relay pool'), this.#status, this.#all, this.#scope);
    const panels = [this.#table, this.#alerts, this.#plot, this.#queue, this.#regions, this.#calls, this.#life];
    this.root = el('div', { class: 'dashboard' }, top, el('dl', { class: 'tiles' }, ...tiles));
    this.root.append(...panels.map(({ root }) => root));
  }

  /** Begins to listen; the root is in the document. */
  open(): void {
    this.#plot.open();
    this.#frames.request();
    const { source } = this;
    if (!source) return;
    const over = (): void => {
      this.#isOver = true;
      this.#frames.request();
    };
    this.#subscriptions.push(
      source.metrics$.subscribe({ next: (metrics) => this.#measured(metrics), complete: over, error: over }),
      source.relays$.subscribe({ next: (relays) => this.#changed(relays), complete: over, error: over }),
    );
    if (source.isConnected$) {
      this.#subscriptions.push(source.isConnected$.subscribe({ next: (isConnected) => this.#connected(isConnected) }));
    }
    // Waits that count down, and calls that come without a word from the relays.
    this.#timer = setInterval(() => this.#frames.request(), CALLS_EVERY);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#frames.stop();
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    this.#plot.close();
  }

  /** The time by the pool's clock, which may be another machine's, or a virtual one. */
  get #now(): number {
    return this.#clock ? this.#clock.at + performance.now() - this.#clock.heardAt : Date.now();
  }

  #measured(metrics: PoolMetrics): void {
    this.#metrics = metrics;
    this.#clock = { at: metrics.at, heardAt: performance.now() };
    this.#history.add(metrics);
    this.#log.measured(metrics);
    this.#frames.request();
  }

  #changed(relays: readonly DashboardRelay[]): void {
    this.#relays = relays;
    this.#log.relaysChanged(relays, this.#now);
    this.#frames.request();
  }

  #connected(isConnected: boolean): void {
    this.#isConnected = isConnected;
    this.#log.connected(isConnected, this.#now);
    this.#frames.request();
  }

  #pickRelay(url: string | undefined): void {
    this.#relay = url;
    this.#frames.request();
  }

  #pickCall(call: string | undefined): void {
    this.#call = call;
    if (call === undefined) this.#life.clear('Pick a request to see its life.');
    else void this.#explain(call);
    this.#frames.request();
  }

  async #explain(call: string): Promise<void> {
    let why = 'This request is not kept any more.';
    try {
      const explanation = await this.source?.explain(call);
      // Another may have been picked meanwhile.
      if (this.#isClosed || this.#call !== call) return;
      if (explanation) return this.#life.draw(explanation);
    } catch (error) {
      why = `No answer: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (!this.#isClosed && this.#call === call) this.#life.clear(why);
  }

  #draw(): void {
    const now = this.#now;
    const relay = this.#relays.find(({ url }) => url === this.#relay);
    if (!relay) this.#relay = undefined;
    const url = relay?.url;
    const measured = this.#metrics?.relays.find(({ relay: of }) => of === url);
    this.#drawTop(url);
    this.#table.draw(relayRows(this.#relays, this.#metrics, now), url, relay ? relayDetail(relay) : '');
    this.#plot.draw(this.#history, url);
    this.#queue.draw(queueBars(measured ?? this.#metrics?.all));
    this.#regions.draw(regionBars(this.#relays, this.#metrics));
    if (this.#alerts.draw(this.#log, performance.now())) this.#frames.request();
    this.#drawCalls();
  }

  #drawTop(url: string | undefined): void {
    const tiles = tilesOf(this.#relays, this.#metrics);
    for (const key of Object.keys(TILES) as Tile[]) say(this.#tiles[key], tiles[key]);
    const isLive = this.source !== undefined && this.#isConnected && !this.#isOver;
    set(this.#status, 'data-level', isLive ? 'good' : 'bad');
    say(this.#status, isLive ? 'live' : this.#isOver ? 'the pool is closed' : this.source ? 'out of reach' : 'no pool');
    say(this.#scope, url === undefined ? 'All relays' : `Latency and queue of ${relayName(url)}`);
    this.#all.classList.toggle('away', url === undefined);
  }

  #drawCalls(): void {
    if (performance.now() - this.#lookedAt >= CALLS_EVERY - DRAWN_EVERY / 2) {
      this.#lookedAt = performance.now();
      this.#latestCalls = this.source?.explanations ?? [];
      // It may have gone on.
      if (this.#call !== undefined) void this.#explain(this.#call);
    }
    this.#calls.draw(this.#latestCalls, this.#call);
  }
}
