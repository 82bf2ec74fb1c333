import { config } from 'rxjs';

/**
 * Calls something of the caller's that must not break the stream. What it throws goes to RxJS's `config.onUnhandledError`, where
 * the application set one, and `otherwise` is the answer.
 */
export function callSafely<T>(call: () => T, otherwise: T): T {
  try {
    return call();
  } catch (error) {
    try {
      config.onUnhandledError?.(error);
    } catch {
      // The last resort itself failed: nobody is left to be told.
    }
    return otherwise;
  }
}
