import fc from 'fast-check';
import { expect, it } from 'vitest';
import { initialReport, type PublishOutcome, type PublishReport, withOutcome } from '../../src/pool/publish-report.ts';
import { parseReason } from '../../src/protocol/reason.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { fakeEvent } from '../../src/testing/index.ts';

const event = fakeEvent({ kind: 1 });
const relays = ['wss://a.test', 'wss://b.test', 'wss://c.test', 'wss://d.test', 'wss://e.test'].map(relayUrl);
const ended: fc.Arbitrary<PublishOutcome> = fc.constantFrom<PublishOutcome>(
  { status: 'accepted', reason: parseReason('') },
  { status: 'rejected', reason: parseReason('blocked: no') },
  { status: 'silent' },
  { status: 'evicted' },
  { status: 'cancelled' },
  { status: 'unreachable' },
);

const countOf = (report: PublishReport, status: PublishOutcome['status']): number =>
  Object.values(report.outcomes).filter((outcome) => outcome.status === status).length;

it('a report counts what its outcomes say, whatever came before and in whatever order they come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...relays), ended), { maxLength: 5 }),
      fc.array(ended, { minLength: 5, maxLength: 5 }),
      fc.shuffledSubarray(relays, { minLength: 5 }),
      (earlier, outcomes, order) => {
        let report = initialReport(event, relays, { outcomes: Object.fromEntries(earlier) });
        expect(report).toMatchObject({ accepted: countOf(report, 'accepted'), pending: countOf(report, 'pending') });
        for (const [index, relay] of order.entries()) {
          if (report.outcomes[relay]?.status !== 'pending') continue;
          report = withOutcome(report, relay, outcomes[index] ?? { status: 'silent' });
          expect(report).toMatchObject({ accepted: countOf(report, 'accepted'), pending: countOf(report, 'pending') });
        }
        expect(report.pending).toBe(0);
      },
    ),
  );
});
