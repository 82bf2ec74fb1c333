import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { RelayPool } from '../../src/index.ts';
import { fakeEvent, signedEvent, testKey } from '../../src/testing/index.ts';
import { shelf } from '../support/shelf.ts';
import { startRealRelay } from './real-relay.ts';

/** How many events, see SYNC_SIZES of `npm run test:sync`; as many again take minutes. */
const sizes = (process.env['SYNC_SIZES'] ?? '0,1,1000').split(',').map(Number);
const START = 1_700_000_000;

describe('a sync with a relay that cannot reconcile', () => {
  it.for(sizes.flatMap((size) => [0, 1, 50].map((percent) => [size, percent] as const)))(
    '%i events, %i of a hundred different (1: one)',
    { timeout: 900_000 },
    async ([size, percent]) => {
      const relay = await startRealRelay({ cap: 500 });
      try {
        const different = Math.min(size, percent === 1 ? 1 : Math.round((size * percent) / 100));
        const lacking = Math.floor(different / 2);
        const options = (i: number) => ({ content: `${i}`, created_at: START + (i >> 1) });
        // What is sent to the relay has to be signed: it looks.
        const all = Array.from({ length: size }, (_, i) =>
          i < lacking ? signedEvent(options(i), testKey(i % 3)) : fakeEvent(options(i)),
        );
        for (let at = lacking; at < size; at += 1_000) await relay.store(all.slice(at, Math.min(size, at + 1_000)));
        const store = shelf(all.slice(0, size - (different - lacking)));
        using pool = new RelayPool({
          relays: [relay.url],
          verifier: { verify: (events) => events.map(({ sig }) => sig !== '') },
        });
        const begin = performance.now();
        const last = await lastValueFrom(pool.sync({}, store, { silenceTimeout: 3_000, deadline: 800_000 }));
        process.stdout.write(`${size} events, ${different} different: ${Math.round(performance.now() - begin)} ms\n`);
        expect(Object.values(last.relays)).toMatchObject([
          { status: 'done', method: 'paging', have: lacking, need: different - lacking, uploaded: lacking, failed: 0 },
        ]);
        expect(store.events.size).toBe(size);
        const again = await lastValueFrom(pool.sync({}, store, { silenceTimeout: 3_000, deadline: 800_000 }));
        expect(Object.values(again.relays)).toMatchObject([{ status: 'done', have: 0, need: 0 }]);
      } finally {
        await relay.end();
      }
    },
  );
});
