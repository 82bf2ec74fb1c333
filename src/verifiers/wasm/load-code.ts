import * as platform from '#wasm-platform';
import { SchnorrEngine } from './schnorr-engine.ts';

/** What the build made of schnorr.c and worker.ts, ready to run. */
export interface Code {
  /** For this thread. */
  readonly engine: SchnorrEngine;
  /** For workers: it is compiled once. */
  readonly module: WebAssembly.Module;
  readonly workerScript: string;
}

let loading: Promise<Code> | undefined;

/**
 * Loads and compiles the code, once for all verifiers. It rejects where the build has none, where it cannot be loaded, and where the platform
 * or a page's Content-Security-Policy does not take it.
 */
export function loadCode(): Promise<Code> {
  return (loading ??= load());
}

async function load(): Promise<Code> {
  const { code, goodRecord, workerScript } = await platform.built();
  if (code === '') throw new Error('this build has no WebAssembly');
  const { instance, module } = await WebAssembly.instantiate(platform.bytesOf(code));
  const engine = new SchnorrEngine(instance);
  if (!engine.isSound(platform.bytesOf(goodRecord))) throw new Error('WebAssembly errs here');
  return { engine, module, workerScript };
}
