/**
 * What this process, or page, uses; undefined where the platform does not tell.
 *
 * @example
 * ```ts
 * import type { ProcessUsage } from 'rx-relay-pool';
 *
 * const line = ({ heapBytes, cpu }: ProcessUsage): string =>
 *   `${heapBytes === undefined ? '?' : Math.round(heapBytes / 2 ** 20)} MiB, CPU ${cpu === undefined ? '?' : Math.round(cpu * 100)} %`;
 * ```
 */
export interface ProcessUsage {
  /** Bytes of the JavaScript heap in use: Node, and browsers with `performance.memory`. */
  readonly heapBytes: number | undefined;
  /** Bytes of the whole process in memory: Node. */
  readonly residentBytes: number | undefined;
  /** The share of one core since the look before, 1 for all of it: Node. Undefined at the first look. */
  readonly cpu: number | undefined;
}

/** What platforms have of it, Node and Chromium. */
interface Platform {
  readonly process?: {
    memoryUsage?(): { readonly heapUsed: number; readonly rss: number };
    cpuUsage?(): { readonly user: number; readonly system: number };
  };
  readonly performance?: { readonly memory?: { readonly usedJSHeapSize?: number } };
}

/** Starts to look at this process; call the result with the time in milliseconds for a look. */
export function processUsage(platform: Platform = globalThis as Platform): (now: number) => ProcessUsage {
  let last: { readonly at: number; readonly cpu: number } | undefined;
  return (at) => {
    const memory = platform.process?.memoryUsage?.();
    const used = platform.process?.cpuUsage?.();
    const cpu = used && (used.user + used.system) / 1_000;
    const share = last && cpu !== undefined && at > last.at ? (cpu - last.cpu) / (at - last.at) : undefined;
    last = cpu === undefined ? undefined : { at, cpu };
    return {
      heapBytes: memory?.heapUsed ?? platform.performance?.memory?.usedJSHeapSize,
      residentBytes: memory?.rss,
      cpu: share,
    };
  };
}
