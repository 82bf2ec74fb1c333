import type { Page } from 'playwright-core';

/** What a page's main thread did between two marks, in milliseconds of processor time: other processes do not count. */
export interface MainThread<T> {
  readonly result: T;
  /** The longest task: so long nothing else could run. */
  readonly longest: number;
  /** All tasks together. */
  readonly total: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  /** Microseconds that the thread ran. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

const CATEGORIES = ['__metadata', 'blink.user_timing', 'disabled-by-default-devtools.timeline'];

/** Traces a page while it works. The work marks where the measured part begins and ends. */
export async function mainThreadOf<T>(page: Page, work: () => Promise<T>): Promise<MainThread<T>> {
  const browser = page.context().browser();
  if (!browser) throw new Error('Only pages of a browser that was launched can be traced.');
  await browser.startTracing(page, { categories: CATEGORIES });
  let result: T;
  let trace: Buffer;
  try {
    result = await work();
  } finally {
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const [from, to] = ['measured from here', 'measured up to here'].map((name) =>
    traceEvents.find((event) => event.name === name),
  );
  if (!from || !to) throw new Error('The trace has no marks.');
  const tasks = traceEvents
    .filter(({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && pid === from.pid && tid === from.tid)
    .filter(({ ts }) => ts >= from.ts && ts <= to.ts)
    .map(({ tdur }) => {
      if (tdur === undefined) throw new Error('This Chromium does not measure the time of threads.');
      return tdur / 1_000;
    });
  if (tasks.length === 0) throw new Error('The trace has no tasks between the marks.');
  return { result, longest: Math.max(...tasks), total: tasks.reduce((sum, each) => sum + each, 0) };
}
