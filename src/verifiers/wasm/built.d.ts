/** The WebAssembly module in base64; empty where it could not be compiled. Made by scripts/build-wasm.mjs. */
export declare const code: string;
/** A record in base64 that the code accepts where it computes as it should. */
export declare const goodRecord: string;
/** The script of the workers, as worker.ts bundled into one. */
export declare const workerScript: string;
