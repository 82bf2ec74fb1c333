import { build } from './runner/build.ts';
import { RelayProcess } from './runner/relay-process.ts';
import { runInTurn } from './runner/run-in-turn.ts';
import { scenarios } from './scenarios/all.ts';

await build();
const relays = await RelayProcess.start();
const only = process.argv[2];
const who = process.argv[3]?.split(',');
const rounds = Number(process.argv[4] ?? 1);
for (const scenario of scenarios) {
  if (only && !only.includes(scenario.name)) continue;
  const series = await runInTurn(scenario, relays, rounds, (p) => !who || who.includes(p.name));
  for (const { of, participant, runs } of series)
    for (const m of runs)
      console.log(scenario.name, of, participant.name, `wall ${m.wall.toFixed(0)} cpu ${m.cpu.toFixed(0)} us/ev ${((m.cpu * 1000) / m.expected).toFixed(1)} mem ${(m.memory / 1e6).toFixed(0)} ${m.delivered}/${m.expected} +${m.again}`, m.note ?? '');
}
relays.stop();
