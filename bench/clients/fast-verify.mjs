import { initNostrWasm } from 'nostr-wasm';

/** Verifies with libsecp256k1 in WebAssembly, for libraries that take any function: the fastest there is for one thread. */
export async function fastVerify() {
  const { verifyEvent } = await initNostrWasm();
  return ({ id, pubkey, created_at, kind, tags, content, sig }) => {
    try {
      verifyEvent({ id, pubkey, created_at, kind, tags, content, sig });
      return true;
    } catch {
      return false;
    }
  };
}
