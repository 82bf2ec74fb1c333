import { Buffer } from 'node:buffer';
import * as crypto from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { type NostrEvent, serializeEvent } from '../../protocol/event.ts';
import type { WorkerPort } from '../worker-port.ts';
import { WORKER_OPTIONS, workerThreadPort } from '../worker-thread-port.node.ts';
import { code, goodRecord, workerScript } from './built.js';
import type * as parts from './built.js';

/** The code comes with the library: it is there in milliseconds, sooner than the pure verifier has made its tables. */
export const CODE_IS_NEAR = true;

/** What the build made. It is not imported when it is needed, as the loader would wait for a turn of a busy event loop at each of its steps. */
export const built = (): Promise<typeof parts> => Promise.resolve({ code, goodRecord, workerScript });

export const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Buffer.from(base64, 'base64');

/** `crypto.hash` came with Node 20.12 and 21.7. */
const hash: typeof crypto.hash | undefined = crypto.hash;

/** The id that the event should have (NIP-01). */
export function idOf(event: NostrEvent): string {
  const text = serializeEvent(event);
  return hash ? hash('sha256', text) : crypto.createHash('sha256').update(text).digest('hex');
}

/** Starts a worker thread on a script that is at hand as text; it does not keep the process alive. */
export function spawnScript(script: string): WorkerPort {
  return workerThreadPort(new Worker(script, { ...WORKER_OPTIONS, eval: true }));
}
