import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { fakeEvent, TestRelay } from '../../src/testing/index.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { idsOf, shelf } from '../support/shelf.ts';

const sizes = [0, 1, 1_000];
const differences = ['none', 'one', 'half'] as const;
const counts = { none: () => 0, one: () => 1, half: (size: number) => Math.ceil(size / 2) };

it.for(
  [true, false].flatMap((negentropy) =>
    sizes.flatMap((size) => differences.map((difference) => [size, difference, negentropy] as const)),
  ),
)('a sync with a relay on a socket: %i events, difference %s, NIP-77 %s', async ([size, difference, negentropy]) => {
  await using relay = await TestRelay.start({
    verify: false,
    negentropy,
    unsupported: 'silence',
    limits: { max_limit: 300 },
  });
  const different = Math.min(size, counts[difference](size));
  const all = Array.from({ length: size }, (_, i) => fakeEvent({ content: `${i}`, created_at: 1_700_000_000 + i }));
  // Half of the difference is missing there, and the rest here.
  const lacking = Math.floor(different / 2);
  relay.seed(all.slice(lacking));
  const store = shelf(all.slice(0, size - (different - lacking)));
  using pool = new RelayPool({ relays: [relay.url], verifier: zerosVerifier });
  const last = await lastValueFrom(pool.sync({ kinds: [1] }, store, { silenceTimeout: 500 }));
  expect(Object.values(last.relays)).toMatchObject([
    {
      status: 'done',
      method: negentropy ? 'negentropy' : 'paging',
      have: lacking,
      need: different - lacking,
      downloaded: different - lacking,
      uploaded: lacking,
      failed: 0,
    },
  ]);
  expect(store.puts).toHaveLength(different - lacking);
  expect(idsOf(store.events.values())).toEqual(idsOf(all));
  expect(idsOf(relay.store.query([{}]))).toEqual(idsOf(all));
});
