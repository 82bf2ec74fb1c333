import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sum-tests-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function report(name: string, passed: number, failed: number, { success = failed === 0, pending = 0 } = {}): string {
  const path = join(folder, `${name}.json`);
  const numbers = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: 0,
    success,
  };
  writeFileSync(path, JSON.stringify(numbers));
  return path;
}

function sum(...paths: string[]): { last: string | undefined; status: number | null } {
  const { stdout, status } = spawnSync(process.execPath, ['scripts/sum-tests.mjs', ...paths], { encoding: 'utf8' });
  return { last: stdout.trimEnd().split('\n').at(-1), status };
}

describe('sum-tests', () => {
  it('sums the suites in its last line', () => {
    expect(sum(report('a', 3, 0), report('b', 4, 0))).toEqual({ last: '7 passed, 0 failed', status: 0 });
  });

  it('fails when a test failed', () => {
    expect(sum(report('a', 3, 2), report('b', 4, 0))).toEqual({ last: '7 passed, 2 failed', status: 1 });
  });

  it('counts a suite that left no report as a failure', () => {
    expect(sum(report('a', 3, 0), join(folder, 'missing.json'))).toEqual({ last: '3 passed, 1 failed', status: 1 });
  });

  it('counts a test file that could not be loaded as a failure', () => {
    expect(sum(report('a', 3, 0, { success: false }))).toEqual({ last: '3 passed, 1 failed', status: 1 });
  });

  it('names what was skipped', () => {
    expect(sum(report('a', 3, 0, { pending: 2 }))).toEqual({ last: '3 passed, 0 failed, 2 skipped', status: 0 });
  });

  it('fails when no test ran', () => {
    expect(sum(report('a', 0, 0))).toEqual({ last: '0 passed, 0 failed', status: 1 });
  });
});
