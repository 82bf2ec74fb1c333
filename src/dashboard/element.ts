import { DashboardView } from './dashboard-view.ts';
import type { DashboardSource } from './source.ts';
import { style } from './style.ts';

/** Where there is no document, as in Node, importing the element does no harm; making one does. */
const Base = (globalThis as Partial<typeof globalThis>).HTMLElement ?? (class {} as typeof HTMLElement);

let sheet: CSSStyleSheet | undefined;

/**
 * The custom element `<relay-pool-dashboard>`: relays, latencies over time, the queue, regions, the life of requests, and alerts of a pool.
 * Importing this module registers it. It is drawn five times a second at most, however often the pool changes, and listens to the pool only while
 * it is in a document.
 *
 * It is light or dark as the user prefers, or as a rule for its `color-scheme` says, and takes the width that it is given.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 * import 'rx-relay-pool/dashboard';
 *
 * const pool = new RelayPool({ relays: ['wss://a.example', 'wss://b.example'] });
 * const dashboard = document.createElement('relay-pool-dashboard');
 * dashboard.pool = pool;
 * document.body.append(dashboard);
 * ```
 */
export class RelayPoolDashboard extends Base {
  #source: DashboardSource | undefined;
  #view: DashboardView | undefined;

  /** What is shown: a `RelayPool`, or a source that {@link remoteSource} has made. Setting another begins anew. */
  get pool(): DashboardSource | undefined {
    return this.#source;
  }

  set pool(source: DashboardSource | undefined) {
    if (source === this.#source) return;
    this.#source = source;
    if (this.isConnected) this.#open();
  }

  connectedCallback(): void {
    this.#open();
  }

  disconnectedCallback(): void {
    this.#view?.close();
    this.#view = undefined;
  }

  #open(): void {
    this.#view?.close();
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
    }
    root.adoptedStyleSheets = [sheet];
    this.#view = new DashboardView(this.#source);
    root.replaceChildren(this.#view.root);
    this.#view.open();
  }
}

/** Registers the element, once, where there are elements. */
export function registerDashboard(): void {
  const { customElements: registry } = globalThis as { readonly customElements?: CustomElementRegistry };
  if (registry && !registry.get('relay-pool-dashboard')) registry.define('relay-pool-dashboard', RelayPoolDashboard);
}

declare global {
  interface HTMLElementTagNameMap {
    'relay-pool-dashboard': RelayPoolDashboard;
  }
}
