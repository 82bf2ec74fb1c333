import type { RelayUrl } from '../../src/index.ts';

/** Samples per relay, in milliseconds, and their exact percentiles: fine for the few samples of a short run. */
export class Latencies {
  readonly #samples = new Map<RelayUrl, number[]>();

  record(relay: RelayUrl, milliseconds: number): void {
    const samples = this.#samples.get(relay);
    if (samples) samples.push(milliseconds);
    else this.#samples.set(relay, [milliseconds]);
  }

  /** The least sample that `percent` of all samples do not exceed (nearest rank), undefined without samples. */
  percentile(relay: RelayUrl, percent: number): number | undefined {
    const samples = [...(this.#samples.get(relay) ?? [])].sort((a, b) => a - b);
    return samples[Math.max(0, Math.ceil((percent / 100) * samples.length) - 1)];
  }
}
