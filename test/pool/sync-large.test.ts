import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { fakeEvent, TestRelay } from '../../src/testing/index.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { shelf } from '../support/shelf.ts';

/** The sizes come from SYNC_SIZES, as in `npm run test:sync`; without it there is nothing to do that a suite has the time for. */
const sizes = (process.env['SYNC_SIZES'] ?? '').split(',').filter(Boolean).map(Number);

describe.runIf(sizes.length > 0)('large stores', () => {
  it.for(sizes.flatMap((size) => [0, 1, 50].map((percent) => [size, percent] as const)))(
    '%i events, %i of a hundred different (1: one)',
    { timeout: 600_000 },
    async ([size, percent]) => {
      await using relay = await TestRelay.start({ verify: false });
      const all = Array.from({ length: size }, (_, i) =>
        fakeEvent({ content: `${i}`, created_at: 1_700_000_000 + (i >> 1) }),
      );
      const different = percent === 1 ? 1 : (size * percent) / 100;
      const lacking = Math.floor(different / 2);
      relay.seed(all.slice(lacking));
      const store = shelf(all.slice(0, size - (different - lacking)));
      let bytes = 0;
      relay.received$.subscribe(
        ({ message }) => (bytes += message.type.startsWith('NEG') ? JSON.stringify(message).length : 0),
      );
      using pool = new RelayPool({ relays: [relay.url], verifier: zerosVerifier });
      const begin = performance.now();
      const last = await lastValueFrom(pool.sync({}, store));
      const took = Math.round(performance.now() - begin);
      process.stdout.write(`${size} events, ${different} different: ${took} ms, ${bytes} bytes of NEG sent\n`);
      expect(Object.values(last.relays)).toMatchObject([
        { status: 'done', method: 'negentropy', have: lacking, need: different - lacking, failed: 0 },
      ]);
      expect(store.puts).toHaveLength(different - lacking);
      expect([store.events.size, relay.store.size]).toEqual([size, size]);
    },
  );
});
