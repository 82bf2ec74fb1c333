import type { Subscription } from 'rxjs';
import { MOST_PROVEN } from '../policies/resume-cursor.ts';
import type { Compared } from '../policies/resume-proof.ts';
import type { SeenIds } from '../policies/seen-ids.ts';
import type { Filter } from '../protocol/filter.ts';
import { encodeReq } from '../protocol/message.ts';
import { Negentropy } from '../protocol/negentropy.ts';
import { type NegentropyItem, NegentropyItems } from '../protocol/negentropy-items.ts';
import type { RelayLimits } from '../protocol/relay-limits.ts';
import { utf8Length } from '../protocol/text-length.ts';
import type { Connection } from '../sources/connection.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Question } from './question.ts';
import { frameSizeFor, isIgnorant, reconciliation, type ReconciliationResult } from './reconciliation.ts';
import type { RequestExchange } from './request-exchange.ts';

/** Bytes of a message of a reconciliation, before it is hex. */
const FRAME_SIZE = 60_000;
/** Events that are asked for at once. */
const CHUNK = 250;
/** Bytes of an id in a filter: its digits, quotes and comma. */
const ID_LENGTH = 67;
/** Bytes that a subscription id and the name of the list take of a REQ. */
const ROOM = 80;

/** Whether comparing has a chance: the relay may know how, and what was delivered is remembered, and not too much. */
export function canCompare(relay: PooledRelay, filter: Filter, { delivered, resume }: Question): boolean {
  if (isIgnorant(relay) || delivered.hasForgotten || mostIds(filter, relay.limits) < 1) return false;
  return delivered.size <= (resume?.proven ?? MOST_PROVEN);
}

/**
 * Compares the events of a filter that a relay has stored with those that the question has delivered, by whichever relay (NIP-77).
 *
 * @param exchange - Told how it goes.
 * @param done - Told what came of it, unless the connection ends before, which the link tells.
 */
export function compareStored(
  relay: PooledRelay,
  connection: Connection,
  exchange: RequestExchange,
  filter: Filter,
  { delivered, resume, silenceTimeout, scheduler }: Question,
  done: (compared: Compared) => void,
): Subscription {
  // So that what comes of it is remembered too.
  const maxNeed = Math.min(resume?.proven ?? MOST_PROVEN, delivered.capacity) - delivered.size;
  const atOnce = mostIds(filter, relay.limits);
  const items = new NegentropyItems(within(delivered, filter));
  const negentropy = new Negentropy(items, 0, items.size, frameSizeFor(relay.limits, FRAME_SIZE));
  let result: ReconciliationResult | undefined;
  return reconciliation(
    connection,
    { filter, negentropy, silenceTimeout, maxNeed, scheduler },
    () => undefined,
    (ended) => (result = ended),
  ).subscribe((progress) => {
    exchange.report(progress);
    if (progress.type === 'refused') done('not-now');
    else if (result) done(result.type === 'reconciled' ? { missing: result.need, atOnce } : 'unable');
    else if (progress.type === 'failed' && progress.error.code === 'silent') done('unable');
  });
}

function* within(delivered: SeenIds, { since = 0, until = Infinity }: Filter): Generator<NegentropyItem> {
  for (const [id, created_at] of delivered.entries())
    if (created_at >= since && created_at <= until) yield { id, created_at };
}

/** Ids that fit into a REQ beside the filter, and that one answer can bring. */
function mostIds(filter: Filter, { maxMessageLength = Infinity, maxLimit = Infinity }: RelayLimits): number {
  if (maxMessageLength === Infinity) return Math.min(CHUNK, maxLimit);
  const room = maxMessageLength - utf8Length(encodeReq('', [filter])) - ROOM;
  return Math.min(CHUNK, maxLimit, Math.floor(room / ID_LENGTH));
}
