import type { SchedulerLike, Subscription } from 'rxjs';
import type { PooledRelay } from './pooled-relay.ts';

/** Milliseconds that a connection lasts which says that the relay, and we, are well. */
const STABLE = 5_000;

/**
 * Tells from how all relays are whether it is us who are offline: then no breaker judges by it, and when one relay comes back the others need not sit
 * out their delays. Each change of a relay takes the same time, however many there are.
 */
export class Outages {
  readonly #watches = new Map<PooledRelay, Subscription>();
  /** Relays of which a connection is open. */
  readonly #open = new Set<PooledRelay>();
  /** Those that are needed, and have none. */
  readonly #failing = new Set<PooledRelay>();
  /** Whether the breakers are frozen. */
  #isOutage = false;

  /** @param relays - All relays of the pool now. */
  constructor(
    private readonly relays: () => readonly PooledRelay[],
    private readonly scheduler: SchedulerLike,
  ) {}

  watch(relay: PooledRelay): void {
    // One that flaps comes back all the time: that says nothing about us, and relays that flap must not urge each other on.
    let isNews = true;
    let isUp = relay.isOpen;
    let since = this.scheduler.now();
    const watch = relay.changed$.subscribe(() => {
      this.#changed(relay);
      if (relay.isOpen === isUp) return;
      isUp = relay.isOpen;
      const lasted = this.scheduler.now() - since;
      since += lasted;
      if (!isUp) isNews = lasted >= STABLE;
      else if (isNews) this.#reviveAfter(relay);
    });
    this.#watches.set(relay, watch);
  }

  forget(relay: PooledRelay): void {
    this.#watches.get(relay)?.unsubscribe();
    this.#watches.delete(relay);
    this.#open.delete(relay);
    this.#failing.delete(relay);
  }

  /** While every relay that is in use fails, and there are several, it is us. */
  #changed(relay: PooledRelay): void {
    put(this.#open, relay, relay.isOpen);
    put(this.#failing, relay, relay.isFailing);
    const wasOutage = this.#isOutage;
    this.#isOutage = this.#open.size === 0 && this.#failing.size > 1;
    // One that joins in an outage is told by its first change.
    if (this.#isOutage) for (const { health } of wasOutage ? [relay] : this.relays()) health.breaker.freeze();
    else if (wasOutage) for (const { health } of this.relays()) health.breaker.thaw();
  }

  /** Where nothing worked but this one, which has come back, it was us. */
  #reviveAfter(relay: PooledRelay): void {
    const others = this.relays().length - 1;
    if (this.#failing.has(relay) || this.#failing.size < others) return;
    for (const other of [...this.#failing]) other.revive();
  }
}

function put<T>(set: Set<T>, value: T, isIn: boolean): void {
  if (isIn) set.add(value);
  else set.delete(value);
}
