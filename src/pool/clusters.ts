import { defer, type Observable } from 'rxjs';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { type ClusterOptions, type PoolVerbs, RelayCluster } from './cluster.ts';
import { PoolError } from './pool-error.ts';

/** The clusters of a pool, by name. */
export class Clusters {
  readonly #clusters: Map<string, RelayCluster>;

  constructor(
    options: Readonly<Record<string, ClusterOptions>>,
    private readonly verbs: PoolVerbs,
  ) {
    this.#clusters = new Map(
      Object.entries(options).map(([name, cluster]) => [name, new RelayCluster(name, cluster, verbs)]),
    );
  }

  /** The cluster of this name; with `options`, a new one. */
  get(name: string, options?: ClusterOptions): RelayCluster {
    const known = this.#clusters.get(name);
    if (options) {
      if (known) throw new PoolError('invalid-option', `The pool has a cluster '${name}' already: change its members.`);
      const made = new RelayCluster(name, options, this.verbs);
      this.#clusters.set(name, made);
      return made;
    }
    if (known) return known;
    throw new PoolError(
      'unknown-cluster',
      `The pool has no cluster '${name}': name it in the option 'clusters', or say what it is to be made of.`,
    );
  }

  /** The members of a cluster, now and after every change. */
  relays(name: string): Observable<readonly RelayUrl[]> {
    return defer(() => this.get(name).relays$);
  }
}
