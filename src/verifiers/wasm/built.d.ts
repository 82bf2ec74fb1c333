/** The WebAssembly module in base64; empty where it could not be compiled. Made by scripts/build-wasm.mjs. */
export declare const code: string;
/** The script of the workers, as worker.ts bundled into one. */
export declare const workerScript: string;
