import type { PublishOutcome } from '../pool/publish-report.ts';
import type { PublishQuorum } from '../pool/publish-quorum.ts';
import { quorumOf } from '../policies/quorum.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import { isRecord, type NostrEvent, toNostrEvent } from '../protocol/event.ts';
import { isRetryable, parseReason } from '../protocol/reason.ts';
import { tryRelayUrl } from '../protocol/try-relay-url.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';

/** What the store keeps of an event. Only relays' own words get into it, and only after they were said. */
export interface OutboxRecord {
  readonly event: NostrEvent;
  /** Milliseconds. */
  readonly since: number;
  readonly until: number;
  readonly quorum: PublishQuorum;
  readonly relays?: readonly RelayUrl[] | undefined;
  readonly priority?: Priority | undefined;
  /** What relays said when they accepted it, or refused it for good. */
  readonly answers: Readonly<Record<RelayUrl, PublishOutcome>>;
  /** Whether its quorum is out of reach, so that it is kept but not sent. */
  readonly isRejected: boolean;
}

const VERSION = 1;
const PRIORITIES: readonly unknown[] = ['critical', 'high', 'normal', 'low'] satisfies Priority[];

/** Whether this is a relay's last word: it has the event, or will never take it. */
export function isAnswer(outcome: PublishOutcome): boolean {
  if (outcome.status === 'accepted') return true;
  return outcome.status === 'rejected' && isRetryable(outcome.reason) === 'never';
}

export function encodeRecord({ answers, ...record }: OutboxRecord): string {
  const said = (status: PublishOutcome['status']): Record<string, string> =>
    Object.fromEntries(
      Object.entries(answers).flatMap(([url, answer]) =>
        'reason' in answer && answer.status === status ? [[url, answer.reason.raw]] : [],
      ),
    );
  return JSON.stringify({ version: VERSION, ...record, accepted: said('accepted'), refused: said('rejected') });
}

/**
 * What a text of the store says.
 *
 * @throws Error that says what is wrong with it.
 */
export function decodeRecord(key: string, text: string): OutboxRecord {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error('It is no object.');
  if (value['version'] !== VERSION) throw new Error(`Its version is not ${VERSION} but ${String(value['version'])}.`);
  const event = toNostrEvent(value['event']);
  if (event?.id !== key) throw new Error('It is not the event of its key.');
  const { since, until, quorum, relays, priority, isRejected, accepted, refused } = value;
  if (!isTime(since) || !isTime(until)) throw new Error('It has no times.');
  if (!isQuorum(quorum)) throw new Error('It has no quorum.');
  if (relays !== undefined && !(Array.isArray(relays) && relays.every(isRelayUrl)))
    throw new Error('Its relays are none.');
  if (priority !== undefined && !isPriority(priority)) throw new Error('It has an unknown priority.');
  if (typeof isRejected !== 'boolean') throw new Error('It does not say whether it was rejected.');
  const answers = { ...answersOf(refused, 'rejected'), ...answersOf(accepted, 'accepted') };
  return { event, since, until, quorum, relays, priority, isRejected, answers };
}

export function isPriority(value: unknown): value is Priority {
  return PRIORITIES.includes(value);
}

export function isQuorum(value: unknown): value is PublishQuorum {
  if (!isRecord(value)) return isQuorumSize(value);
  const sizes = Object.values(value);
  return sizes.length > 0 && sizes.every(isQuorumSize);
}

function isQuorumSize(value: unknown): boolean {
  try {
    return quorumOf(value as never, 1) > 0;
  } catch {
    return false;
  }
}

function isTime(value: unknown): value is number {
  return Number.isFinite(value);
}

function isRelayUrl(value: unknown): value is RelayUrl {
  return typeof value === 'string' && tryRelayUrl(value) === value;
}

function answersOf(value: unknown, status: 'accepted' | 'rejected'): Record<RelayUrl, PublishOutcome> {
  if (!isRecord(value)) throw new Error(`It does not say who ${status} it.`);
  const answers: Record<RelayUrl, PublishOutcome> = {};
  for (const [url, raw] of Object.entries(value)) {
    if (!isRelayUrl(url) || typeof raw !== 'string') throw new Error(`It does not say who ${status} it.`);
    answers[url] = { status, reason: parseReason(raw) };
  }
  return answers;
}
