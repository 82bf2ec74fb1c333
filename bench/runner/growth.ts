import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { plot } from '../report/growth-plot.ts';
import { machine } from '../report/machine.ts';
import { cpuPerEvent, isWhole, readings } from '../report/statistics.ts';
import { short, table } from '../report/tables.ts';
import { growthScenarios } from '../scenarios/growth.ts';
import type { RelayProcess } from './relay-process.ts';
import { runInTurn, type Series } from './run-in-turn.ts';

const REPORT = 'bench/GROWTH.md';
const PLOT = 'docs/performance/growth.svg';

/** Measures how what an event costs grows with relays, subscriptions and events; writes a table and a plot. */
export async function growth(relays: RelayProcess, rounds: number): Promise<void> {
  const parts = [
    '# Growth',
    `Written by \`npm run bench -- --growth\`. Microseconds of processor time per event, without verification; medians of ${rounds} rounds, with the least and the most.`,
    `${machine()}; ${new Date().toISOString().slice(0, 10)}.`,
    `![What an event costs, by relays, subscriptions and events](../${PLOT})`,
  ];
  const panels = [];
  for (const scenario of growthScenarios) {
    const series = await runInTurn(scenario, relays, {
      rounds,
      isQuick: false,
      hasParticipant: () => true,
    });
    const names = [...new Set(series.map(({ participant }) => participant.name))];
    const at = (name: string, of: string): Series | undefined =>
      series.find((each) => each.of === of && each.participant.name === name);
    const rows = scenario.cases.map((of) => [of, ...names.map((name) => cell(at(name, of)))]);
    const text = table([scenario.title, ...names], rows);
    process.stdout.write(`\n${text}\n`);
    parts.push(`## ${scenario.title.slice(0, 1).toUpperCase()}${scenario.title.slice(1)}`, scenario.about, text);
    const lines = names.map((name) => ({
      name,
      values: scenario.cases.map((of) => {
        const found = at(name, of);
        return found && isWhole(found) ? readings(found, cpuPerEvent).median : NaN;
      }),
    }));
    panels.push({ title: scenario.title, ticks: scenario.cases, lines });
  }
  writeFileSync(REPORT, `${parts.join('\n\n')}\n`);
  mkdirSync(dirname(PLOT), { recursive: true });
  writeFileSync(PLOT, plot(panels));
}

function cell(series: Series | undefined): string {
  if (!series) return '–';
  const { median, least, most } = readings(series, cpuPerEvent);
  const text = `${short(median)} (${short(least)}–${short(most)})`;
  if (isWhole(series)) return text;
  const worst = Math.min(...series.runs.map(({ delivered }) => delivered));
  return `only ${worst.toLocaleString('en')} delivered`;
}
