import { expiresAt, type NostrEvent, toNostrEvent } from '../protocol/event.ts';
import { relayUrl } from '../protocol/relay-url.ts';
import { OutboxError } from './outbox-error.ts';
import { type CompleteOptions, isSpan, type OutboxPublishOptions } from './outbox-options.ts';
import { isPriority, isQuorum, type OutboxRecord } from './outbox-record.ts';

/**
 * What is to be kept of an event that is published at `now`, in milliseconds.
 *
 * @throws OutboxError with `invalid-event` or `invalid-option`.
 */
export function newRecord(
  event: NostrEvent,
  options: OutboxPublishOptions,
  defaults: Pick<CompleteOptions, 'quorum' | 'keepFor'>,
  now: number,
): OutboxRecord {
  const { relays, priority, quorum = defaults.quorum, keepFor = defaults.keepFor } = options;
  // A copy: what is kept does not change with the caller's object.
  const copy = toNostrEvent(event);
  if (!copy) {
    const message = 'Only a signed event can be published: all seven fields of NIP-01, hex in lower case.';
    throw new OutboxError('invalid-event', message);
  }
  const check = (isRight: boolean, message: string): void => {
    if (!isRight) throw new OutboxError('invalid-option', message);
  };
  check(isSpan(keepFor), `'keepFor' is a number of milliseconds above 0, not ${keepFor}.`);
  check(isQuorum(quorum), "A quorum is a whole number of relays from 1, 'majority' or 'all', or that by cluster.");
  check(priority === undefined || isPriority(priority), `There is no priority '${priority}'.`);
  check(relays?.length !== 0, "'relays' names one relay at least.");
  const expiration = expiresAt(copy);
  return {
    event: copy,
    since: now,
    until: Math.min(now + keepFor, expiration === undefined ? Infinity : expiration * 1_000),
    quorum,
    relays: relays && [...new Set(relays.map(validUrl))],
    priority,
    answers: {},
    isRejected: false,
  };
}

function validUrl(url: string): ReturnType<typeof relayUrl> {
  try {
    return relayUrl(url);
  } catch (cause) {
    throw new OutboxError('invalid-option', `'${url}' is no address of a relay.`, { cause });
  }
}
