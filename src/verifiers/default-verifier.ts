import type { WasmVerifier } from './wasm/wasm-verifier.ts';
import { wasmVerifier } from './wasm/wasm-verifier.ts';

let shared: { readonly verifier: WasmVerifier; users: number } | undefined;

/**
 * The verifier of whoever was given none: one for all of them, so that many pools have no more workers than one. Its workers stop when the
 * last who borrowed it closes theirs.
 */
export function borrowDefaultVerifier(): WasmVerifier {
  const borrowed = (shared ??= { verifier: wasmVerifier(), users: 0 });
  borrowed.users++;
  let closed = false;
  return {
    get batchSize() {
      return borrowed.verifier.batchSize;
    },
    verify: (events) => borrowed.verifier.verify(events),
    close: () => {
      if (closed) return;
      closed = true;
      if (--borrowed.users > 0) return;
      borrowed.verifier.close();
      shared = undefined;
    },
  };
}
