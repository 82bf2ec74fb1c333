import { initNostrWasm } from 'nostr-wasm';
import type { Measured } from '../client-process/measured.ts';
import type { World } from './scenario.ts';

/** What verifying costs a single thread: each event once. */
export async function verifyOnce(world: World, count: number): Promise<Measured> {
  const events = world.prepared(count);
  const wasm = await initNostrWasm();
  await world.meter.start();
  for (const event of events) wasm.verifyEvent(event);
  return { ...world.meter.stop(), expected: count, delivered: count, again: 0 };
}
