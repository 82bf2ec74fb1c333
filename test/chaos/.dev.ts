import { run } from '/tmp/wt/chaos/test/chaos/run.ts';
import { scheduleOf } from '/tmp/wt/chaos/test/chaos/schedule.ts';
const [from, to] = [Number(process.argv[2]), Number(process.argv[3])];
const t0 = performance.now();
let bad = 0;
const rules = new Map<string, number>();
const gauges = new Map<string, number>();
for (let seed = from; seed <= to; seed++) {
  const { violations, history } = await run(scheduleOf(seed));
  for (const e of history.entries)
    if (e.type === 'gauge') gauges.set(e.name, Math.max(gauges.get(e.name) ?? 0, e.value));
  if (violations.length) {
    bad++;
    for (const r of new Set(violations.map((v) => v.rule))) rules.set(r, (rules.get(r) ?? 0) + 1);
    const start = history.entries[0]?.at ?? 0;
    if (bad <= Number(process.argv[4] ?? 8))
      console.log(
        seed,
        violations.slice(0, 3).map((v) => `${v.at - start} ${v.rule}: ${v.text}`),
      );
  }
}
console.log({ bad, of: to - from + 1, ms: (performance.now() - t0) / (to - from + 1), rules, gauges });
