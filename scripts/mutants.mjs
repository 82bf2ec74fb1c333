// Breaks a copy of the tree on purpose, one patch of test/mutants at a time, and runs the tests that should notice.
// Fails when tests stay green, or a patch applies no more. `npm run test:mutants -- no-gaps` tries one.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const patches = join(root, 'test/mutants');
const wanted = process.argv.slice(2);
const names = readdirSync(patches)
  .filter((name) => name.endsWith('.patch'))
  .map((name) => name.replace(/\.patch$/, ''))
  .filter((name) => wanted.length === 0 || wanted.includes(name));

const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
  const filter = (path) => !/\/(node_modules|interop|browser)(\/|$)/.test(path.slice(root.length));
  cpSync(join(root, name), join(copy, name), { recursive: true, filter });
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

const patch = (file, ...options) => spawnSync('git', ['apply', ...options, file], { cwd: copy, encoding: 'utf8' });
let survivors = 0;
for (const name of names) {
  const file = join(patches, `${name}.patch`);
  const suite = /^suite: (.*)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.split(' ') ?? [];
  const applied = patch(file);
  if (applied.status !== 0) {
    survivors++;
    console.log(`${name}: does not apply\n${applied.stderr}`);
    continue;
  }
  const begun = Date.now();
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const tests = spawnSync(process.execPath, [vitest, 'run', '--project', 'unit', '--bail', '1', ...suite], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, CHAOS_SHRINK: '0', CHAOS_SEEDS: process.env.CHAOS_SEEDS ?? '200', NO_COLOR: '1' },
  });
  const seconds = ((Date.now() - begun) / 1_000).toFixed(0);
  // A run that finds no tests is no proof of anything.
  const isCaught = tests.status !== 0 && /Tests .*\d+ failed/.test(tests.stdout);
  if (!isCaught) survivors++;
  const seed = /seed (\d+) fails/.exec(tests.stdout + tests.stderr)?.[1];
  console.log(`${name}: ${isCaught ? 'caught' : 'SURVIVED'}${seed ? ` by seed ${seed}` : ''} in ${seconds} s`);
  patch(file, '--reverse');
}
console.log(`${names.length - survivors} of ${names.length} caught`);
process.exitCode = survivors > 0 || names.length === 0 ? 1 : 0;
