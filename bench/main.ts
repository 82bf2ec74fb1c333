import { parseArgs } from 'node:util';
import { build } from './runner/build.ts';
import { profile } from './runner/profile.ts';
import { RelayProcess } from './runner/relay-process.ts';
import { runInTurn } from './runner/run-in-turn.ts';
import { scenarios } from './scenarios/all.ts';
import { pages } from './scenarios/page.ts';
import { sizes } from './scenarios/sizes.ts';

const { values } = parseArgs({
  options: {
    profile: { type: 'string' },
    who: { type: 'string', default: 'ours' },
    only: { type: 'string' },
    rounds: { type: 'string' },
  },
});
await build();
const relays = await RelayProcess.start();
if (values.profile) {
  process.stdout.write(`${await profile(values.profile, values.who, relays)}\n`);
} else if (values.only === 'h') console.table(await sizes());
else if (values.only === 'j') for (const s of await pages(relays, 1000, () => true)) console.log(s.participant.name, JSON.stringify(s.runs));
else {
  const who = values.who.split(',');
  for (const scenario of scenarios) {
    if (values.only && !values.only.split(',').includes(scenario.name)) continue;
    const series = await runInTurn(scenario, relays, Number(values.rounds ?? 1), (p) => who.includes('all') || who.includes(p.name));
    for (const { of, participant, runs } of series)
      for (const m of runs)
        console.log(scenario.name, of, participant.name, `wall ${m.wall.toFixed(0)} cpu ${m.cpu.toFixed(0)} us/ev ${((m.cpu * 1000) / m.expected).toFixed(1)} mem ${(m.memory / 1e6).toFixed(0)} ${m.delivered}/${m.expected} +${m.again}`, JSON.stringify(m.numbers ?? {}), (m.note ?? '').slice(0, 200));
  }
}
relays.stop();
