import type { Balanced, BalanceStrategy } from '../../src/policies/balance.ts';
import { HedgePolicy } from '../../src/policies/hedge-policy.ts';
import { OutlierEjection } from '../../src/policies/outlier-ejection.ts';
import { PeakEwma } from '../../src/policies/peak-ewma.ts';
import { readyOrPanic } from '../../src/policies/ready-or-panic.ts';
import type { EventQueue } from './event-queue.ts';
import type { Served, SimulatedRelay } from './relay.ts';
import { CAPACITY, HEALTH_INTERVAL, TIMEOUT } from './scenario.ts';

/** How much of the average the newest outcome is. */
const RELIABILITY_SHARE = 0.05;
/** As by default in loadBalance. */
const PANIC_THRESHOLD = 0.5;

/** What a client knows of a relay: what it did itself, and heard itself. */
interface View {
  readonly index: number;
  readonly key: string;
  readonly relay: SimulatedRelay;
  readonly latency: PeakEwma;
  inFlight: number;
  /** Up to date, and as of the last look. */
  reliability: number;
  seen: { readonly reliability: number; readonly isReady: boolean };
}

/** Told of each request: how it went, and each relay that it was sent to. */
export interface Observer {
  sent(relay: number, isHedge: boolean): void;
  ended(latency: number, succeeded: boolean): void;
}

interface Attempt {
  readonly view: View;
  readonly request: Served;
  readonly beganAt: number;
}

/** One that sends requests and spreads them over the relays by a strategy. */
export class SimulatedClient {
  readonly #views: readonly View[];
  readonly #ejection = new OutlierEjection();
  readonly #hedging: HedgePolicy | undefined;

  constructor(
    private readonly events: EventQueue,
    relays: readonly SimulatedRelay[],
    private readonly strategy: BalanceStrategy,
    isHedging: boolean,
    private readonly random: () => number,
    private readonly observer: Observer,
  ) {
    this.#views = relays.map((relay, index) => ({
      index,
      key: String(index),
      relay,
      latency: new PeakEwma(),
      inFlight: 0,
      reliability: 1,
      seen: { reliability: 1, isReady: true },
    }));
    this.#hedging = isHedging ? new HedgePolicy() : undefined;
    this.events.after(this.random() * HEALTH_INTERVAL, () => this.#look());
  }

  /** Sends one request. */
  request(): void {
    const { now } = this.events;
    const running = new Set<Attempt>();
    const end = (winner: Attempt | undefined): void => {
      this.#hedging?.record(this.events.now - now, this.events.now);
      for (const attempt of running)
        this.#settle(attempt, attempt === winner ? 'answered' : winner ? 'given up' : 'failed');
      running.clear();
      this.observer.ended(this.events.now - now, winner !== undefined);
    };
    const send = (view: View, isHedge: boolean): void => {
      const attempt: Attempt = {
        view,
        request: {
          isGone: false,
          done: () => {
            if (isHedge) this.#hedging?.won();
            end(attempt);
          },
        },
        beganAt: this.events.now,
      };
      running.add(attempt);
      view.inFlight++;
      this.observer.sent(view.index, isHedge);
      view.relay.ask(attempt.request);
    };
    const [first] = this.#rank();
    if (!first) return;
    send(first, false);
    this.events.after(TIMEOUT, () => {
      if (running.size > 0) end(undefined);
    });
    this.#hedging?.began();
    const delay = this.#hedging?.delay(now);
    if (delay === undefined) return;
    this.events.after(delay, () => {
      if (running.size === 0) return;
      const backup = this.#rank().find((view) => view !== first);
      if (backup && this.#hedging?.tryHedge()) send(backup, true);
    });
  }

  #rank(): readonly View[] {
    const { now } = this.events;
    const candidates = this.#views.map((view): Balanced & { readonly view: View } => ({
      view,
      key: view.key,
      isReady: view.seen.isReady,
      inFlight: view.inFlight,
      capacity: CAPACITY,
      cost: view.latency.value(now),
      reliability: view.seen.reliability,
      weight: 1,
      features: 1,
    }));
    const ready = readyOrPanic(candidates, PANIC_THRESHOLD, () => false);
    return this.strategy.rank(ready, { priority: 'normal', random: this.random }).map(({ view }) => view);
  }

  #settle({ view, request, beganAt }: Attempt, outcome: 'answered' | 'given up' | 'failed'): void {
    const { now } = this.events;
    const elapsed = now - beganAt;
    request.isGone = true;
    view.inFlight--;
    // Who was given up has taken at least so long; that may be news, or none.
    if (outcome !== 'given up' || elapsed > (view.latency.value(now) ?? Infinity)) view.latency.record(elapsed, now);
    if (outcome === 'given up') return;
    const succeeded = outcome === 'answered';
    view.reliability += RELIABILITY_SHARE * (Number(succeeded) - view.reliability);
    this.#ejection.observe(view.key, succeeded, now);
  }

  #look(): void {
    const { now } = this.events;
    for (const view of this.#views) {
      view.seen = { reliability: view.reliability, isReady: !this.#ejection.isEjected(view.key, now) };
    }
    this.events.after(HEALTH_INTERVAL, () => this.#look());
  }
}
