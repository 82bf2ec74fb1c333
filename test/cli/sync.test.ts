import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { jsonLines, run } from '../support/command-line.ts';

vi.setConfig({ testTimeout: 90_000 });

const notes = Array.from({ length: 30 }, (_, n) =>
  signedEvent({ content: `${n}`, kind: n % 3 === 0 ? 7 : 1, created_at: 1_767_225_600 + n }, testKey(0)),
);

let folder: string;
let path: string;
let relay: TestRelay;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sync-'));
  path = join(folder, 'events.jsonl');
  relay = await TestRelay.start();
  relay.seed(notes.slice(0, 20));
});
afterEach(async () => {
  await relay.stop();
  rmSync(folder, { recursive: true });
});

const write = (from: number): void =>
  writeFileSync(
    path,
    notes
      .slice(from)
      .map((note) => `${JSON.stringify(note)}\n`)
      .join(''),
  );
const ids = (events: readonly { readonly id?: string }[]): readonly unknown[] => events.map(({ id }) => id).sort();
const inFile = (): readonly unknown[] => ids(jsonLines(readFileSync(path, 'utf8')));

describe('sync', () => {
  it('goes both ways, and finds nothing to do the next time', async () => {
    write(10);
    const { code, stdout, stderr } = await run(['sync', '--file', path, relay.url]);
    expect([code, stderr]).toEqual([0, '']);
    const counts = {
      status: 'done',
      method: 'negentropy',
      have: 10,
      need: 10,
      downloaded: 10,
      uploaded: 10,
      failed: 0,
    };
    expect(jsonLines(stdout)).toEqual([{ relay: relay.url, ...counts }]);
    expect(inFile()).toEqual(ids(notes));
    expect(ids(relay.store.query([{}]))).toEqual(ids(notes));
    const again = jsonLines((await run(['sync', '--file', path, relay.url])).stdout);
    expect(again).toEqual([expect.objectContaining({ have: 0, need: 0 })]);
  });

  it('goes one way, or none, and compares what matches alone', async () => {
    const kind7 = notes.filter(({ kind }) => kind === 7);
    expect((await run(['sync', '--file', path, '--dry-run', relay.url])).code).toBe(0);
    expect(() => readFileSync(path)).toThrow('ENOENT');
    expect((await run(['sync', '--file', path, '--down', '-k', '7', relay.url])).code).toBe(0);
    expect(inFile()).toEqual(ids(kind7.slice(0, 7)));
    write(15);
    const [up] = jsonLines((await run(['sync', '--file', path, '--up', '{"kinds":[7]}', relay.url])).stdout);
    expect(up).toMatchObject({ downloaded: 0, uploaded: 3 });
    expect(inFile()).toEqual(ids(notes.slice(15)));
  });

  it('tells of a relay that it did not reach, of lines that are none, and of a file that cannot be written', async () => {
    writeFileSync(path, 'nonsense\n');
    const partial = await run(['sync', '--file', path, '--timeout', '5s', relay.url, 'ws://127.0.0.1:1']);
    expect(partial.code).toBe(1);
    expect(partial.stderr).toContain('lines that are no event, left alone: 1.');
    expect(partial.stderr).toContain('ws://127.0.0.1:1/: ');
    expect(readFileSync(path, 'utf8')).toMatch(/^nonsense\n\{/);
    const { code, stderr } = await run(['sync', '--file', join(folder, 'none', 'x'), relay.url]);
    expect(code).toBe(4);
    expect(stderr).toMatch(/rx-relay-pool sync: .*x cannot be written: ENOENT/);
    expect((await run(['sync', '--file', folder, relay.url])).code).toBe(4);
  });
});
