import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchRelay, END } from './bench-relay.ts';
import { madeUpEvent } from './events.ts';
import { chunksOf } from './frames.ts';
import type { LivePlan } from './messages.ts';
import type { Client } from './relay-client.ts';

/** Sends new events to all subscriptions of a relay that want them; gives when each was written, if they have a rate. */
export async function sendLive(relay: BenchRelay, plan: LivePlan, prepared: readonly Buffer[]): Promise<number[]> {
  const { from, count, topics = 1, signed, kept, rate } = plan;
  const eventOf = (number: number): Buffer =>
    signed ? (prepared[number % prepared.length] ?? END) : madeUpEvent(number, number % topics);
  if (rate === undefined) {
    await Promise.all([...relay.clients].map((client) => client.write(chunksOf(frames(client, from, from + count)))));
    return [];
  }
  const times: number[] = [];
  const start = performance.now();
  while (times.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - start) / 1_000) * rate));
    for (let number = times.length; number < due; number++) {
      for (const client of relay.clients) void client.write(chunksOf(frames(client, from + number, from + number + 1)));
      times.push(monotonic());
    }
    await sleep(1);
  }
  return times;

  function* frames(client: Client, begin: number, end: number): Generator<readonly Buffer[]> {
    for (let number = begin; number < end; number++) {
      const event = eventOf(number);
      if (kept) relay.keep(`t${number % topics}`, event);
      for (const head of client.headsOf(`t${number % topics}`)) yield [head, event, END];
    }
  }
}

/** Milliseconds of a clock that all processes of a machine share. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
