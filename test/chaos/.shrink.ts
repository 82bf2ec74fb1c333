import { run } from './run.ts';
import { scheduleOf } from './schedule.ts';
import { shortest } from './shrink.ts';
const schedule = scheduleOf(Number(process.argv[2]));
const rule = process.argv[3];
const fails = async (steps: readonly never[]) =>
  (await run({ ...schedule, steps })).violations.some((v) => v.rule === rule);
const steps = await shortest(schedule.steps as never[], fails);
const { violations, history } = await run({ ...schedule, steps });
console.log(JSON.stringify(schedule.relays, null, 0), schedule.verifying, schedule.endsBusy);
for (const s of steps) console.log(JSON.stringify(s));
const start = history.entries[0]?.at ?? 0;
for (const v of violations.slice(0, 4)) console.log(v.at - start, v.rule, v.text);
const only = process.argv[4];
for (const e of history.entries) {
  const x = e as any;
  if (only && !JSON.stringify(x).includes(only)) continue;
  if (e.type === 'stored' && e.at === start) continue;
  console.log(
    e.at - start,
    e.type,
    x.relay ?? '',
    x.socket ?? '',
    x.name ?? '',
    JSON.stringify(
      x.message ?? x.packet ?? x.filters ?? x.report?.outcomes ?? x.value ?? x.event?.content ?? x.how ?? '',
    ).slice(0, 260),
  );
}
