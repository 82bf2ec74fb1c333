import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

// Each test starts a process, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('the build of the WebAssembly', () => {
  let folder: string;

  /** A copy of what it reads, with these packages. */
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'build-wasm-'));
    mkdirSync(join(folder, 'scripts'));
    cpSync(join(ROOT, 'scripts/build-wasm.mjs'), join(folder, 'scripts/build-wasm.mjs'));
    cpSync(join(ROOT, 'src/verifiers/wasm'), join(folder, 'src/verifiers/wasm'), { recursive: true });
    rmSync(join(folder, 'src/verifiers/wasm/built.js'), { force: true });
    mkdirSync(join(folder, 'node_modules/@yowasp'), { recursive: true });
    for (const name of ['esbuild', '@esbuild', 'secp256k1']) link(name);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const link = (name: string): void =>
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  const run = (): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['scripts/build-wasm.mjs'], { cwd: folder, encoding: 'utf8' });
  const built = 'src/verifiers/wasm/built.js';
  const codeOf = (): string =>
    execFileSync(
      process.execPath,
      ['--input-type=module', '-e', `import { code } from './${built}'; process.stdout.write(code.slice(0, 8));`],
      { cwd: folder, encoding: 'utf8' },
    );

  it('goes on without where there is no compiler, and says so', () => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const { status, stderr } = run();
    expect(stderr).toMatch(/^libsecp256k1 was not compiled to WebAssembly: .+\nThe build goes on; .+\n$/);
    expect(status).toBe(0);
    expect(codeOf()).toBe('');
  });

  it('compiles once: what was compiled from the same sources is kept', () => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    link('@yowasp/clang');
    cpSync(join(ROOT, '.cache/wasm'), join(folder, '.cache/wasm'), { recursive: true });
    expect(run()).toMatchObject({ status: 0, stdout: '', stderr: '' });
    // The first bytes of any WebAssembly module.
    expect(Buffer.from(codeOf(), 'base64').subarray(0, 4)).toEqual(Buffer.from('\0asm'));
    const codeIn = (path: string): string | undefined =>
      /^export const code = .*$/m.exec(readFileSync(path, 'utf8'))?.[0];
    expect(codeIn(join(folder, built)) === codeIn(join(ROOT, built))).toBe(true);
    const { mtimeMs } = statSync(join(folder, built));
    expect(run().status).toBe(0);
    expect(statSync(join(folder, built)).mtimeMs).toBe(mtimeMs);
  });
});
