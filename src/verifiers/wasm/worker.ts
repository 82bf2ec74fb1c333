import { SchnorrEngine } from './schnorr-engine.ts';

/** What a worker is told first. */
export interface CodeMessage {
  readonly module: WebAssembly.Module;
}

/** Records to verify; answered by verdicts, a byte each, or the problem. */
export interface RecordsMessage {
  readonly job: number;
  readonly records: Uint8Array<ArrayBuffer>;
}

interface Port {
  onmessage: (event: { readonly data: CodeMessage | RecordsMessage }) => void;
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
}

// One script for all platforms: Node hands it a `require`, in browsers a worker is its own port.
declare const require: undefined | ((name: string) => { readonly parentPort: unknown });
const NODE_WORKERS = 'node:worker_threads';
const port = (typeof require === 'function' ? require(NODE_WORKERS).parentPort : globalThis) as Port;

let engine: SchnorrEngine | undefined;

port.onmessage = ({ data }) => {
  if ('module' in data) engine = new SchnorrEngine(new WebAssembly.Instance(data.module));
  else answer(data);
};

function answer({ job, records }: RecordsMessage): void {
  try {
    const verdicts = engine?.verify(records);
    if (verdicts) port.postMessage({ job, verdicts }, [verdicts.buffer]);
  } catch (error) {
    port.postMessage({ job, problem: String(error) });
  }
}
