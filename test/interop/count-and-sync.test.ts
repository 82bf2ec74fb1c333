import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { matchesFilter, type NostrEvent, RelayPool, type SyncStore } from '../../src/index.ts';
import { signedEvent, testKey } from '../../src/testing/index.ts';
import { startRealRelay } from './real-relay.ts';

const START = 1_700_000_000;
const note = (number: number): NostrEvent =>
  signedEvent({ content: `${number}`, created_at: START + number }, testKey(number % 3));

it('a relay without NIP-45 and NIP-77 is silent about counts, and synced by paging', async () => {
  const relay = await startRealRelay({ cap: 50 });
  try {
    const all = Array.from({ length: 260 }, (_, number) => note(number));
    await relay.store(all.slice(0, 200));
    const events = new Map(all.slice(60).map((event) => [event.id, event]));
    const store: SyncStore = {
      list: (filter) => [...events.values()].filter((event) => matchesFilter(filter, event)),
      get: (ids) => ids.flatMap((id) => events.get(id) ?? []),
      put: (event) => void events.set(event.id, event),
    };
    using pool = new RelayPool({ relays: [relay.url] });
    const count = await lastValueFrom(pool.count({ kinds: [1] }, { silenceTimeout: 1_000 }));
    expect(Object.values(count.outcomes)).toMatchObject([
      { status: expect.stringMatching(/silent|unsupported/) as unknown },
    ]);
    const progress = await lastValueFrom(pool.sync({ kinds: [1] }, store, { silenceTimeout: 2_000 }));
    expect(Object.values(progress.relays)).toMatchObject([
      { status: 'done', method: 'paging', have: 60, need: 60, downloaded: 60, uploaded: 60, failed: 0 },
    ]);
    expect(events.size).toBe(260);
    const again = await lastValueFrom(pool.sync({ kinds: [1] }, store, { silenceTimeout: 2_000 }));
    expect(Object.values(again.relays)).toMatchObject([{ status: 'done', have: 0, need: 0 }]);
  } finally {
    await relay.end();
  }
});
