import { isWhole } from '../report/statistics.ts';
import { readRatios } from '../report/ratios-file.ts';
import { guarded, type GuardedTarget, type Results } from '../report/targets.ts';
import { short, table } from '../report/tables.ts';
import type { RelayProcess } from './relay-process.ts';
import { runAll } from './run-all.ts';

/** How much of a committed ratio may be added before it fails. */
const MARGIN = 0.3;
const ROUNDS = 5;
/** How often what is over the limit is measured: a machine that is busy with something else is no verdict. */
const TRIES = 3;
const WHO = ['raw', 'ours', 'ours, 200 sockets', 'nostr-wasm, once'];

/** Compares the ratios of now with the committed ones; gives a table, and whether none has grown too much. */
export async function guard(relays: RelayProcess): Promise<{ readonly text: string; readonly pass: boolean }> {
  const committed = readRatios();
  // What did not do all of its work when they were committed has no ratio that could grow.
  let open = guarded.filter(({ ratio }) => committed[ratio] !== undefined);
  const rows = new Map<GuardedTarget, readonly string[]>();
  for (let attempt = 1; attempt <= TRIES && open.length > 0; attempt++) {
    const results = await measure(open, relays);
    open = open.filter((target) => {
      const before = committed[target.ratio] ?? NaN;
      const most = before * (1 + MARGIN);
      const now = target.of(results);
      const pass = now <= most;
      rows.set(target, [
        target.ratio,
        short(before),
        short(most),
        short(now),
        pass ? 'ok' : verdict(now, before, results, target),
      ]);
      return !pass;
    });
  }
  const text = table(['ratio', 'committed', 'at most', 'now', ''], [...rows.values()]);
  if (open.length === 0) return { text, pass: true };
  const names = open.map(({ ratio }) => ratio).join(', ');
  return {
    text: `${text}\n\nSlower than before, measured ${TRIES} times: ${names}. If that is meant, \`npm run bench\` writes the new ratios.`,
    pass: false,
  };
}

function measure(open: readonly GuardedTarget[], relays: RelayProcess): Promise<Results> {
  return runAll(
    {
      isQuick: false,
      rounds: ROUNDS,
      hasScenario: (name) => open.some(({ scenario }) => scenario === name),
      hasParticipant: ({ name }) => WHO.includes(name),
    },
    relays,
  );
}

function verdict(now: number, before: number, { series }: Results, { scenario }: GuardedTarget): string {
  if (!Number.isNaN(now)) return `GREW by ${Math.round(100 * (now / before - 1))} %`;
  const lost = series.find((each) => each.scenario === scenario && !isWhole(each));
  return `NOT ALL DELIVERED: ${lost?.participant.name ?? ''} ${lost?.runs.find((run) => run.note)?.note ?? ''}`;
}
