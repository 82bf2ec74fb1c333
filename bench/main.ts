import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeRatios } from './report/ratios-file.ts';
import { resultsFile } from './report/results-file.ts';
import { targetTable } from './report/tables.ts';
import { build } from './runner/build.ts';
import { growth } from './runner/growth.ts';
import { guard } from './runner/guard.ts';
import { profile } from './runner/profile.ts';
import { RelayProcess } from './runner/relay-process.ts';
import { runAll } from './runner/run-all.ts';
import { shares } from './runner/shares.ts';
import { isQuick } from './scenarios/participants.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    guard: { type: 'boolean', default: false },
    growth: { type: 'boolean', default: false },
    shares: { type: 'boolean', default: false },
    profile: { type: 'string' },
    only: { type: 'string' },
    who: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const { quick, only, who, rounds } = values;

await build();
const relays = await RelayProcess.start();
try {
  if (values.guard) {
    const { text, pass } = await guard(relays);
    process.stdout.write(`\n${text}\n`);
    process.exitCode = pass ? 0 : 1;
  } else if (values.growth) await growth(relays, Number(rounds ?? 3));
  else if (values.shares) await shares(relays);
  else if (values.profile) process.stdout.write(`${await profile(values.profile, who ?? 'ours', relays)}\n`);
  else await run();
} finally {
  relays.stop();
}

async function run(): Promise<void> {
  const scenarios = only?.split(',');
  const participants = who?.split(';');
  const results = await runAll(
    {
      isQuick: quick,
      rounds: rounds === undefined ? undefined : Number(rounds),
      hasScenario: (name) => scenarios?.includes(name) ?? true,
      hasParticipant: (participant) => participants?.includes(participant.name) ?? (!quick || isQuick(participant)),
    },
    relays,
  );
  process.stdout.write(`\n${targetTable(results)}\n`);
  // A part of it is for looking, not for the record.
  const isWhole = !scenarios && !participants;
  if (!isWhole) return;
  writeFileSync(quick ? '.cache/bench/RESULTS-quick.md' : 'bench/RESULTS.md', resultsFile(results, quick));
  if (!quick) writeRatios(results);
}
