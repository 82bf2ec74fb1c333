import { describe, expect, it } from 'vitest';
import { Entry } from '../../src/durable-outbox/entry.ts';
import { decodeRecord, type OutboxRecord } from '../../src/durable-outbox/outbox-record.ts';
import type { PublishOutcome } from '../../src/pool/publish-report.ts';
import { parseReason } from '../../src/protocol/reason.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { signedEvent, testKey } from '../../src/testing/index.ts';

const [a, b] = [relayUrl('wss://a.test'), relayUrl('wss://b.test')];
const accepted: PublishOutcome = { status: 'accepted', reason: parseReason('') };
const refused = (raw: string): PublishOutcome => ({ status: 'rejected', reason: parseReason(raw) });
const entry = (kind: number, more: Partial<OutboxRecord> = {}): Entry => {
  const event = signedEvent({ kind, content: 'x' }, testKey(0));
  const record = { event, since: 1, until: 2, quorum: 1, answers: {}, isRejected: false };
  return new Entry({ ...record, ...more }, undefined, () => 0);
};

describe('an entry', () => {
  it('keeps an acceptance, whatever is said later, and puts one in place of a refusal', () => {
    const kept = entry(1);
    expect(kept.learn({ [a]: accepted, [b]: refused('blocked: no') })).toBe(true);
    expect(kept.learn({ [a]: refused('blocked: no'), [b]: refused('blocked: still no') })).toBe(false);
    expect(kept.report).toMatchObject({ accepted: 1, outcomes: { [a]: accepted, [b]: refused('blocked: no') } });
    expect(kept.learn({ [b]: accepted })).toBe(true);
    expect(kept.report.accepted).toBe(2);
  });

  it('learns nothing of what is no last word', () => {
    const kept = entry(1);
    const outcomes = { [a]: { status: 'silent' }, [b]: refused('rate-limited: slow') } as const;
    expect(kept.learn(outcomes)).toBe(false);
    expect(kept.record.answers).toEqual({});
    expect(kept.report).toMatchObject({ accepted: 0, outcomes });
  });

  it('is outdated when it has versions, and all that refuse it have a newer one', () => {
    const [profile, note, mixed] = [entry(0), entry(1), entry(0)];
    for (const each of [profile, note]) each.learn({ [a]: refused('replaced: have newer'), [b]: accepted });
    mixed.learn({ [a]: refused('replaced: have newer'), [b]: refused('blocked: no') });
    expect([profile, note, mixed].map(({ isOutdated }) => isOutdated)).toEqual([true, false, false]);
  });

  it('is the same when it was written and read', () => {
    const whole = entry(1, { relays: [a, b], priority: 'low', quorum: { home: 1, archive: 'all' }, isRejected: true });
    whole.learn({ [a]: accepted, [b]: refused('pow: 20 bits') });
    expect(decodeRecord(whole.id, whole.text)).toEqual(whole.record);
    const plain = entry(1);
    expect(decodeRecord(plain.id, plain.text)).toEqual(plain.record);
  });
});
