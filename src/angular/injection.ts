import { assertInInjectionContext, type Injector, runInInjectionContext } from '@angular/core';

/** Runs with an injector, or in the injection context of the caller; `caller` is named where there is none. */
// Angular's own type of it.
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
export function within<T>(injector: Injector | undefined, caller: Function, run: () => T): T {
  if (injector) return runInInjectionContext(injector, run);
  assertInInjectionContext(caller);
  return run();
}
