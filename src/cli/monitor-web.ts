import { lastValueFrom, NEVER } from 'rxjs';
import type { RelayPool } from '../index.ts';
import type { Context } from './command.ts';
import { within } from './pool-flags.ts';

const HIGHEST_PORT = 65_535;

/** The dashboard for a browser on this machine, until the run ends. */
export async function serveWeb(
  pool: RelayPool,
  { args, host, screen }: Context,
  most: number | undefined,
): Promise<void> {
  const { serveDashboard } = await import('../dashboard/serve-dashboard.node.ts');
  const dashboard = await serveDashboard(pool, { port: args.number('port', 0, HIGHEST_PORT) ?? 0 });
  try {
    screen.json({ type: 'listening', url: dashboard.url });
    await lastValueFrom(NEVER.pipe(within(most, host)), { defaultValue: undefined });
  } finally {
    await dashboard.close();
  }
}
