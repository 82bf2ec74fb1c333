import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom, TestRelay } from '../../src/testing/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** `OUTBOX_KILLS=100 OUTBOX_SEED=7` for more, and others. */
const ROUNDS = Number(process.env['OUTBOX_KILLS'] ?? 6);
const SEED = Number(process.env['OUTBOX_SEED'] ?? 1);
const EVENTS = 40;

describe('a process with a durable outbox that is killed (SIGKILL) at any moment', () => {
  let folder: string;
  let script: string;
  const relays: TestRelay[] = [];

  beforeAll(async () => {
    mkdirSync(join(ROOT, '.cache'), { recursive: true });
    folder = mkdtempSync(join(ROOT, '.cache', 'outbox-'));
    script = join(folder, 'publisher.mjs');
    await build({
      absWorkingDir: ROOT,
      entryPoints: ['test/durable-outbox/publisher.child.ts'],
      outfile: script,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      conditions: ['node'],
      logLevel: 'silent',
    });
    for (let index = 0; index < 3; index++) relays.push(await TestRelay.start());
  });
  afterAll(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs it until it ends, or has said so many lines, or nothing for a while, and gives each line to `hear`. */
  const run = (round: number, count: number, lines: number, hear: (line: string) => void): Promise<void> =>
    new Promise((resolve) => {
      const urls = relays.map(({ url }) => url);
      const child = spawn(process.execPath, [script, join(folder, 'level'), `${round}`, `${count}`, ...urls], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const kill = (): boolean => child.kill('SIGKILL');
      let silence: NodeJS.Timeout | undefined;
      let left = lines;
      createInterface(child.stdout).on('line', (line) => {
        clearTimeout(silence);
        if (lines < Infinity) silence = setTimeout(kill, 500);
        if (--left === 0) kill();
        hear(line);
      });
      child.on('close', () => {
        clearTimeout(silence);
        resolve();
      });
    });

  it('loses nothing that it said is durable, and claims only what is so', { timeout: 120_000 }, async () => {
    const random = seededRandom(SEED);
    const [durable, delivered] = [new Set<string>(), new Set<string>()];
    const wrong: string[] = [];
    let [claims, isDone] = [0, false];
    const at = (id: string): TestRelay[] => relays.filter(({ store }) => [...store].some((event) => event.id === id));
    const isOut = (id: string): boolean => at(id).length >= 2;
    const hear = (line: string): void => {
      const [word, id = '', url] = line.split(' ');
      if (word === 'durable') durable.add(id);
      else if (word === 'done') isDone = true;
      else if (word === 'accepted') {
        claims++;
        if (!at(id).some((relay) => relay.url === url)) wrong.push(line);
      } else if (word === 'delivered') {
        delivered.add(id);
        if (!isOut(id)) wrong.push(line);
      } else wrong.push(line);
    };

    for (let round = 0; round < ROUNDS; round++) {
      const isLast = round === ROUNDS - 1;
      for (const relay of relays) {
        relay.clearFaults();
        relay.faults.delay = Math.floor(random() * 30);
        const luck = random();
        if (isLast || (round > 0 && luck < 0.2)) relay.faults.refuse = true;
        else if (round > 0 && luck < 0.4) relay.faults.rejectedWith = 'error: busy';
      }
      const lines = round === 0 ? 2 * EVENTS : 1 + Math.floor(random() * 2 * EVENTS);
      await run(round, EVENTS, lines, hear);
    }
    // In the first round there was time for more than the events, in the last no relay was there: else this shows nothing.
    const open = [...durable].filter((id) => !isOut(id));
    expect(open.length).toBeGreaterThan(0);
    expect(claims).toBeGreaterThan(0);

    for (const relay of relays) relay.clearFaults();
    await run(ROUNDS, 0, Infinity, hear);
    expect(wrong).toEqual([]);
    expect(isDone).toBe(true);
    expect([...durable].filter((id) => !isOut(id))).toEqual([]);
    expect(open.filter((id) => !delivered.has(id))).toEqual([]);
  });
});
