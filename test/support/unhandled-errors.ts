import { config } from 'rxjs';
import { afterEach, beforeEach } from 'vitest';

/** What RxJS reports as unhandled while a test runs; it reports in a later turn. */
export function watchUnhandledErrors(): { readonly seen: unknown[]; reported(): Promise<readonly unknown[]> } {
  const seen: unknown[] = [];
  beforeEach(() => {
    seen.length = 0;
    config.onUnhandledError = (error) => seen.push(error);
  });
  afterEach(() => {
    config.onUnhandledError = null;
  });
  return {
    seen,
    reported: async () => {
      // RxJS reports by a timer of 0 ms: one of ours that is set later fires later.
      await new Promise((resolve) => setTimeout(resolve, 0));
      return seen;
    },
  };
}
