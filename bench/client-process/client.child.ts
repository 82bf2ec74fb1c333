import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import type { LivePlan } from '../relay-process/messages.ts';
import { scenarioOf } from '../scenarios/all.ts';
import type { Connect } from './client.ts';
import type { FromClient, Job, ToClient } from './messages.ts';
import { Meter } from './meter.ts';

/** The process of one run of one client: does its job, says what it measured, and ends. */
const say = (message: FromClient): Promise<void> =>
  new Promise((resolve) => void process.send?.(message, undefined, {}, () => resolve()));
let sent: (times: readonly number[]) => void = () => undefined;

process.on('message', (message: ToClient) => {
  if (message.type === 'sent') sent(message.times);
  else void work(message.job);
});
process.on('disconnect', () => process.exit());

/** Where the build puts it; not a text that a bundler would resolve. */
function fileOf(client: string): string {
  return new URL(`clients/${client}.mjs`, import.meta.url).href;
}

async function work(job: Job): Promise<void> {
  // What peers say about it in Node: where they do not take a class, they look for a global one.
  if (!job.variant?.startsWith('platform')) Object.assign(globalThis, { WebSocket });
  const { connect } = (await import(fileOf(job.client))) as { readonly connect: Connect };
  const meter = new Meter(job.profile);
  const scenario = scenarioOf(job.scenario);
  const measured = await scenario.measure({
    ...job,
    meter,
    connect: async (relays = job.relays) => connect({ relays, verify: job.verify, variant: job.variant }),
    live: (plan: LivePlan) =>
      new Promise((resolve) => {
        sent = resolve;
        void say({ type: 'live', plan });
      }),
    prepared: (count) =>
      readFileSync(job.events, 'utf8')
        .split('\n', count)
        .map((line) => JSON.parse(line) as never),
  });
  await meter.save();
  await say({ type: 'measured', measured });
  process.exit();
}
