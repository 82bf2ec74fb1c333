import type { Unsubscribable } from 'rxjs';
import type { DashboardSource } from './source.ts';
import { plainCalls, plainRelays, WIRE_EVENTS, type WireEvents } from './wire.ts';

/** Milliseconds between two states that a page is told. */
const TOLD_EVERY = 250;
/** States after which the calls are told: about a second. */
const CALLS_EVERY = 4;

/** Where a page reads: the part of a response that is used. */
export interface PageStream {
  write(text: string): unknown;
  end(): unknown;
  /** It has not taken yet what was written before. */
  readonly writableNeedDrain: boolean;
}

/**
 * Tells pages how the pool is, four times a second at most. The pool is listened to only while there are pages. A page that reads too slowly skips
 * states, so that nothing heaps up.
 */
export class PageStreams {
  /** Each page with the versions that it was told last. */
  readonly #pages = new Map<PageStream, Map<string, string>>();
  readonly #texts = new Map<keyof WireEvents, string>();
  #latest: Partial<WireEvents> = {};
  #subscriptions: readonly Unsubscribable[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #ticks = 0;
  #isOver = false;

  constructor(private readonly source: DashboardSource) {}

  get size(): number {
    return this.#pages.size;
  }

  /** The pool is closed: there is nothing to tell any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  add(page: PageStream): void {
    this.#pages.set(page, new Map());
    if (this.#pages.size === 1) this.#open();
    else this.#tell(page);
  }

  remove(page: PageStream): void {
    if (this.#pages.delete(page) && this.#pages.size === 0) this.#close();
  }

  /** Ends all of them. */
  end(): void {
    const pages = [...this.#pages.keys()];
    this.#pages.clear();
    this.#close();
    for (const page of pages) page.end();
  }

  #open(): void {
    const over = (): void => {
      this.#isOver = true;
      this.end();
    };
    const { metrics$, relays$ } = this.source;
    this.#subscriptions = [
      metrics$.subscribe({
        next: (metrics) => (this.#latest = { ...this.#latest, metrics }),
        complete: over,
        error: over,
      }),
      relays$.subscribe({
        next: (relays) => (this.#latest = { ...this.#latest, relays }),
        complete: over,
        error: over,
      }),
    ];
    if (this.#isOver) return this.#close();
    this.#ticks = 0;
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), TOLD_EVERY);
    // A page that watches is no reason for a process to go on. Only Node's timers can be told.
    (this.#timer as { unref?(): void }).unref?.();
  }

  #close(): void {
    clearInterval(this.#timer);
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#subscriptions = [];
    this.#latest = {};
    this.#texts.clear();
  }

  #tick(): void {
    const { relays, metrics } = this.#latest;
    if (relays) this.#texts.set('relays', JSON.stringify(plainRelays(relays)));
    if (metrics) this.#texts.set('metrics', JSON.stringify(metrics));
    if (this.#ticks++ % CALLS_EVERY === 0) {
      this.#texts.set('calls', JSON.stringify(plainCalls(this.source.explanations)));
    }
    for (const page of this.#pages.keys()) this.#tell(page);
  }

  /** What is new to the page. */
  #tell(page: PageStream): void {
    const told = this.#pages.get(page);
    if (!told || page.writableNeedDrain) return;
    for (const name of WIRE_EVENTS) {
      const text = this.#texts.get(name);
      if (text === undefined || told.get(name) === text) continue;
      told.set(name, text);
      page.write(`event: ${name}\ndata: ${text}\n\n`);
    }
  }
}
