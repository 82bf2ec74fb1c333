import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Installs what an example's lockfile says, this package as it is packed, and builds it by its own tool; returns the folder with the files. */
export async function buildApp(name: string): Promise<string> {
  const cwd = fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
  // The packages of an earlier run may be those of an earlier build.
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd });
  await run('npm', ['run', 'build'], { cwd });
  return `${cwd}/dist`;
}
