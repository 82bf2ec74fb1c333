import { describe, expect, it } from 'vitest';
import { PoolError } from '../../src/pool/pool-error.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { relayAuth, relayEose, relayEvent, relayNotice } from '../../src/protocol/relay-frame.ts';
import { RelayUrlError } from '../../src/protocol/relay-url.ts';
import { fakeEvent, type Lie, signedEvent, testKey, testSigner } from '../../src/testing/index.ts';
import { pureVerifier } from '../../src/verifiers/pure.ts';
import { aConnection } from '../support/a-connection.ts';
import { busyVerifier, laterVerifier, zerosVerifier } from '../support/clocked-verifiers.ts';
import { heapInUse } from '../support/heap.ts';
import { statusOf } from '../support/status-of.ts';
import { contents, hear, world, type World } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const MEGABYTE = 2 ** 20;
const FORGERIES: readonly Lie[] = ['forged-signature', 'forged-content', 'wrong-id'];

/** A pool with a fast liar and a slow honest relay, which hold the same events. */
function liarAndHonest(lie: Lie, delay = 200, verdict = 0): World {
  const scene = world({ relays: [{ faults: { lie } }, { faults: { delay } }], latency: 5 });
  scene.pool.close();
  const verifier = verdict > 0 ? laterVerifier(scene.time, verdict) : pureVerifier;
  const pool = new scene.RelayPool({ verifier });
  return { ...scene, pool };
}
