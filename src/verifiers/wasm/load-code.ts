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
  const { code, workerScript } = await import('./built.js');
  if (code === '') throw new Error('this build has no WebAssembly');
  const { instance, module } = await WebAssembly.instantiate(bytesOf(code));
  return { engine: new SchnorrEngine(instance), module, workerScript };
}

/** A loop: the code has not run before, and a call for each of the bytes would take three times as long. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
