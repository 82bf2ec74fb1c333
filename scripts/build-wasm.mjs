/**
 * Makes src/verifiers/wasm/built.js: libsecp256k1 (the C sources that npm's `secp256k1` carries) with our schnorr.c around it, compiled to
 * WebAssembly by clang and wasm-ld, which are an npm package too; and the script of the workers that run it. Both as text in a module, which every bundler and
 * platform can load. Compiled code is kept in .cache until a source, a flag or the compiler changes.
 *
 * Where the compiler does not run, the module holds no code: the library then verifies in plain JavaScript.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'src/verifiers/wasm');
const CACHE = join(ROOT, '.cache/wasm');

const COMPILE = [
  ...['--target=wasm32-wasip1', '-O2', '-std=c99', '-c', '-Ilib'],
  ...['-Wall', '-Wextra', '-Werror', '-Wno-unused-function'],
  // What libsecp256k1's configure script would write: no GMP, and the field and the scalars in 32-bit words, as WebAssembly has no product of 128 bits.
  ...[
    '-DUSE_NUM_NONE',
    '-DUSE_FIELD_INV_BUILTIN',
    '-DUSE_SCALAR_INV_BUILTIN',
    '-DUSE_FIELD_10X26',
    '-DUSE_SCALAR_8X32',
  ],
  // Its patent ran out in 2020. The window of 8 makes tables of 8 kB in a millisecond; larger ones were no faster.
  ...['-DUSE_ENDOMORPHISM', '-DECMULT_WINDOW_SIZE=8'],
  // From its public header, which this code does not need.
  ...['-DSECP256K1_INLINE=inline', '-DSECP256K1_GNUC_PREREQ(major,minor)=1'],
  ...['schnorr.c', '-o', 'schnorr.o'],
];
// The stack lies below the data: what overflows it traps.
const LINK = [
  '--no-entry',
  '--strip-all',
  '--stack-first',
  '-z',
  'stack-size=1048576',
  'schnorr.o',
  '-o',
  'schnorr.wasm',
];

function sources() {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('secp256k1/package.json'))), 'src/secp256k1/src');
  const headers = readdirSync(folder).filter((name) => name.endsWith('.h'));
  const lib = Object.fromEntries(headers.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  return { lib, 'schnorr.c': readFileSync(join(FOLDER, 'schnorr.c'), 'utf8') };
}

/** The bytes of the WebAssembly module, compiled or kept from before. */
async function compiled() {
  const files = sources();
  const compiler = JSON.parse(readFileSync(join(ROOT, 'node_modules/@yowasp/clang/package.json'), 'utf8')).version;
  const key = createHash('sha256')
    .update(JSON.stringify([files, compiler, COMPILE, LINK]))
    .digest('hex');
  const kept = join(CACHE, `${key.slice(0, 32)}.wasm`);
  if (existsSync(kept)) return readFileSync(kept);
  const start = performance.now();
  const { commands, runLLVM } = await import('@yowasp/clang');
  // Loads it, and says nothing of how far it is.
  await runLLVM(null, {}, { fetchProgress: () => undefined });
  // clang would start the linker as a process, which it cannot: it is called apart.
  const objects = await commands.clang(COMPILE, files);
  const { 'schnorr.wasm': bytes } = await commands['wasm-ld'](LINK, objects);
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(kept, bytes);
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  console.log(`Compiled libsecp256k1 to WebAssembly: ${bytes.length} bytes in ${seconds} s.`);
  return bytes;
}

async function bytesOrNone() {
  try {
    return Buffer.from(await compiled());
  } catch (error) {
    const reason = String(error).split('\n', 1)[0];
    console.error(
      `libsecp256k1 was not compiled to WebAssembly: ${reason}\nThe build goes on; it verifies signatures in plain JavaScript.`,
    );
    return Buffer.alloc(0);
  }
}

async function workerScript() {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(FOLDER, 'worker.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'cjs',
    // It exports nothing, but would say so in a `module`, which is another thing that a Web Worker lacks.
    banner: { js: 'var module = {};' },
    // Leaves its `require` alone, which a Web Worker does not reach.
    platform: 'node',
    target: 'es2022',
    logLevel: 'warning',
  });
  return outputFiles[0].text.trim();
}

/** Vector 0 of BIP-340: its message, its public key and its signature, as a record that the code has to accept. */
const GOOD_RECORD =
  '0000000000000000000000000000000000000000000000000000000000000000' +
  'f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9' +
  'e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215' +
  '25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0';

const built = `// Made by scripts/build-wasm.mjs.
export const code = '${(await bytesOrNone()).toString('base64')}';
export const goodRecord = '${Buffer.from(GOOD_RECORD, 'hex').toString('base64')}';
export const workerScript = ${JSON.stringify(await workerScript())};
`;
const path = join(FOLDER, 'built.js');
// Left alone where nothing changed, so that whoever watches the sources is not woken.
if (!existsSync(path) || readFileSync(path, 'utf8') !== built) writeFileSync(path, built);
