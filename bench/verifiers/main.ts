import { parseArgs } from 'node:util';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { pureVerifier } from '../../src/verifiers/pure.ts';
import { loadCode } from '../../src/verifiers/wasm/load-code.ts';
import { packRecords } from '../../src/verifiers/wasm/pack-records.ts';
import { idOf } from '../../src/verifiers/wasm/platform.node.ts';
import { quickEvents } from '../../test/support/quick-events.ts';

/** Microseconds an event, ids included, one thread. */
interface Case {
  readonly name: string;
  readonly events: readonly NostrEvent[];
  readonly run: (events: readonly NostrEvent[]) => void;
}

const AUTHORS = 200;
const { values } = parseArgs({ options: { quick: { type: 'boolean' } } });
const rounds = values.quick ? 5 : 25;
const events = quickEvents(1_024, AUTHORS);
const { engine } = await loadCode();

const wasm = (batch: readonly NostrEvent[]): void => {
  if (engine.verify(packRecords(batch, idOf)).includes(0)) throw new Error('A right signature was refused.');
};
const cases: Case[] = [
  {
    name: 'noble (the pure verifier), one by one',
    events: events.slice(0, 8),
    run: (batch) => void pureVerifier.verify(batch),
  },
  { name: 'wasm, one by one', events: events.slice(0, 64), run: (batch) => batch.forEach((event) => wasm([event])) },
  ...[16, 64, 256, 1_024].map((size) => ({ name: `wasm, batch of ${size}`, events: events.slice(0, size), run: wasm })),
];
const nostrWasm = await installedNostrWasm();
if (nostrWasm) {
  cases.splice(1, 0, {
    name: 'nostr-wasm, one by one',
    events: events.slice(0, 32),
    run: (batch) => batch.forEach((event) => nostrWasm.verifyEvent(event)),
  });
}

for (const { run, events: batch } of cases) for (let n = 0; n < 3; n++) run(batch);
const best = cases.map(() => Infinity);
for (let round = 0; round < rounds; round++) {
  cases.forEach(({ run, events: batch }, index) => {
    const start = performance.now();
    run(batch);
    best[index] = Math.min(best[index] ?? Infinity, ((performance.now() - start) * 1_000) / batch.length);
  });
}
const [noble = NaN] = best;
// What else a machine does only ever adds to a time.
process.stdout.write(`${AUTHORS} authors, ids included, the best of ${rounds} rounds\n`);
cases.forEach(({ name }, index) => {
  const time = best[index] ?? NaN;
  const ratio = (noble / time).toFixed(1);
  process.stdout.write(
    `${name.padEnd(40)}${time.toFixed(0).padStart(6)} µs   ${ratio.padStart(6)} × as fast as noble\n`,
  );
});

/** It comes with nostr-tools, and need not. */
async function installedNostrWasm(): Promise<{ verifyEvent: (event: NostrEvent) => void } | undefined> {
  const name = 'nostr-wasm';
  try {
    const { initNostrWasm } = (await import(name)) as {
      initNostrWasm: () => Promise<{ verifyEvent(event: NostrEvent): void }>;
    };
    return await initNostrWasm();
  } catch {
    return undefined;
  }
}
