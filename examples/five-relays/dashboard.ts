import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { lastValueFrom, type Observable, race, take, timer } from 'rxjs';
import { type ServedDashboard, serveDashboard } from '../../src/dashboard/serve-dashboard.node.ts';
import type { DashboardSource } from '../../src/dashboard/source.ts';
import type { Screen } from './screen.ts';

const PAGE = fileURLToPath(new URL('../../src/dashboard/page.ts', import.meta.url));

/** Serves a dashboard out of the sources; an app, which has the package, calls `serveDashboard(pool)`. */
export async function serveFromSources(pool: DashboardSource): Promise<ServedDashboard> {
  const { outputFiles } = await build({
    entryPoints: [PAGE],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  return serveDashboard(pool, { script: outputFiles[0]?.text });
}

/** For how long the dashboard stays when all is over, where somebody may look at it. */
const STAYS_MINUTES = 10;

/** Keeps the dashboard open for a while where there is somebody to look at it, and says so. */
export async function stay({ url }: ServedDashboard, screen: Screen, interrupted$: Observable<unknown>): Promise<void> {
  if (!screen.isWatched) return;
  screen.log(`\nThe dashboard stays at ${url} for ${STAYS_MINUTES} minutes; Ctrl-C ends it now.`);
  await lastValueFrom(race(interrupted$, timer(STAYS_MINUTES * 60_000)).pipe(take(1)), { defaultValue: undefined });
}
