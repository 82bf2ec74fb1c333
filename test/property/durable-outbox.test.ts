import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Happening, OutboxCrashes, RELAYS } from '../support/outbox-crashes.ts';

/** `OUTBOX_RUNS=2000` for a longer search. */
const RUNS = Number(process.env['OUTBOX_RUNS'] ?? 30);

const event = fc.nat(8);
const relay = fc.nat(RELAYS - 1);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('publish' as const), event }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('cancel' as const), event }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'stop' as const,
        'restart' as const,
        'drop' as const,
        'mute' as const,
        'unmute' as const,
        'busy' as const,
      ),
      relay,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('offline' as const, 'online' as const, 'close' as const) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      milliseconds: fc.oneof(fc.nat(50), fc.nat(2_000), fc.nat(15_000)),
    }),
  },
);

describe('the durable outbox, whatever crashes and whoever is away', () => {
  it(
    'loses no event that it promised to keep, and invents no confirmation',
    { timeout: 30_000 + 500 * RUNS },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(happening, { minLength: 3, maxLength: 20 }),
          fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 5 }),
          async (happenings, crashPoints) => {
            const life = new OutboxCrashes(crashPoints);
            for (const each of happenings) await life.happen(each);
            expect(await life.end()).toEqual([]);
          },
        ),
        { numRuns: RUNS },
      );
    },
  );
});
