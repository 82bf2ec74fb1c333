import {
  animationFrames,
  asyncScheduler,
  audit,
  defer,
  type MonoTypeOperatorFunction,
  type Observable,
  race,
  type SchedulerLike,
  timer,
} from 'rxjs';

/** Milliseconds of a frame where nothing is drawn. */
const FRAME = 16;
/** Milliseconds after which a page that draws no frames, as one in a hidden tab, is told all the same. */
const HIDDEN = 1_000;

/** Emits the latest value once a frame, at the next frame after it came; with a scheduler, 16 ms after it. */
export function perFrame<T>(scheduler?: SchedulerLike): MonoTypeOperatorFunction<T> {
  return audit(() => nextFrame(scheduler));
}

function nextFrame(scheduler: SchedulerLike | undefined): Observable<unknown> {
  return defer((): Observable<unknown> => {
    if (scheduler) return timer(FRAME, scheduler);
    // By its name, as a server has none.
    if (!('requestAnimationFrame' in globalThis)) return timer(FRAME, asyncScheduler);
    return race(animationFrames(), timer(HIDDEN, asyncScheduler));
  });
}
