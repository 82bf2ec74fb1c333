import { Observable, type SchedulerLike } from 'rxjs';
import type { Filter } from '../protocol/filter.ts';
import { encodeNegClose, encodeNegMsg, encodeNegOpen, type NegErrMessage } from '../protocol/message.ts';
import { type Negentropy, NegentropyError } from '../protocol/negentropy.ts';
import type { Reason } from '../protocol/reason.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { RelayLimits } from '../protocol/relay-limits.ts';
import type { Connection } from '../sources/connection.ts';
import type { Sent } from './call-relay.ts';
import type { Progress } from './exchange.ts';
import { awaitAnswer } from './patience.ts';
import type { PooledRelay } from './pooled-relay.ts';

/**
 * What came of one reconciliation:
 *
 * - `reconciled`: what either side lacks
 * - `too-much`: the relay takes fewer events at once, or named more than we take
 * - `unable`: the relay does not do it, or not as it should
 */
export type ReconciliationResult =
  | { readonly type: 'reconciled'; readonly have: readonly string[]; readonly need: readonly string[] }
  | { readonly type: 'too-much' }
  | { readonly type: 'unable'; readonly why: string };

/** One reconciliation, and its bounds. */
export interface ReconciliationOptions {
  readonly filter: Filter;
  readonly negentropy: Negentropy;
  /** Milliseconds that the relay may be silent. */
  readonly silenceTimeout: number;
  /** Ids that the relay may name. */
  readonly maxNeed: number;
  readonly scheduler: SchedulerLike;
}

/** Messages that the relay may take for one. With small frames a list of many ids takes many, and a liar takes any number. */
const MOST_ROUNDS = 2_000;
/** Bytes of a relay's messages that the filter and the verb of a NEG-OPEN leave to its hex. */
const ENVELOPE = 1_024;
const SMALLEST_FRAME = 4_096;

/** Whether a relay says of itself (NIP-11) what it knows, and this is not among it. */
export function isIgnorant({ information }: PooledRelay): boolean {
  const nips = information?.supportedNips ?? [];
  return nips.length > 0 && !nips.includes(77);
}

/** Bytes of a message of a reconciliation: as many as wanted, less where the relay takes less. */
export function frameSizeFor({ maxMessageLength = Infinity }: RelayLimits, wanted: number): number {
  return Math.max(SMALLEST_FRAME, Math.min(wanted, Math.floor((maxMessageLength - ENVELOPE) / 2)));
}

/**
 * Reconciles on subscribe (NIP-77).
 *
 * @param sent - Told when the relay may have been asked, or when it is certain that no answer to that will come.
 * @param ended - Told the result before the progress says `answered`.
 */
export function reconciliation(
  connection: Connection,
  { filter, negentropy, silenceTimeout, maxNeed, scheduler }: ReconciliationOptions,
  sent: Sent,
  ended: (result: ReconciliationResult) => void,
): Observable<Progress> {
  return new Observable((subscriber) => {
    const have = new Set<string>();
    const need = new Set<string>();
    let rounds = 0;
    const finish = (progress: Progress): void => {
      subscriber.next(progress);
      subscriber.complete();
    };
    const end = (result: ReconciliationResult): void => {
      ended(result);
      finish({ type: 'answered' });
    };
    const refused = (reason: Reason): void => {
      if (reason.prefix === 'rate-limited') finish({ type: 'refused', reason });
      else end({ type: 'unable', why: `the relay refused to reconcile: ${reason.raw}` });
    };
    /** The answer to a message of the relay, where there is to be one. */
    const take = (message: string): string | undefined => {
      const step = negentropy.reconcile(message);
      for (const id of step.have) have.add(id);
      for (const id of step.need) need.add(id);
      if (need.size > maxNeed) end({ type: 'too-much' });
      else if (step.answer === undefined) end({ type: 'reconciled', have: [...have], need: [...need] });
      else if (++rounds < MOST_ROUNDS) return step.answer;
      else end({ type: 'unable', why: `the relay came to no end in ${MOST_ROUNDS} messages` });
      return undefined;
    };

    sent(true);
    let isOver = false;
    const query = connection.openQuery((id) => encodeNegOpen(id, filter, negentropy.initiate()), {
      answered: (message, asked) => {
        switch (message.type) {
          case 'NEG-MSG': {
            const answer = tried(() => take(message.message));
            if (answer instanceof NegentropyError) end({ type: 'unable', why: `it sent nonsense: ${answer.message}` });
            else if (answer !== undefined) asked.send(encodeNegMsg(asked.id, answer));
            return;
          }
          case 'NEG-ERR':
            isOver = true;
            return isTooMuch(message) ? end({ type: 'too-much' }) : refused(message.reason);
          case 'CLOSED':
            isOver = true;
            return refused(message.reason);
          case 'COUNT':
        }
      },
      lost: (error) => {
        sent(false);
        finish({ type: 'failed', error });
      },
    });
    subscriber.add(() => query.close(isOver ? undefined : encodeNegClose(query.id)));
    if (subscriber.closed) return;
    subscriber.add(
      awaitAnswer(query, silenceTimeout, scheduler, () => {
        const message = `It was silent for ${silenceTimeout} ms while reconciling.`;
        finish({ type: 'failed', error: new RelayError('silent', connection.url, message) });
      }),
    );
  });
}

/** Relays say so in their own words, beside the number that NIP-77 has. */
function isTooMuch({ reason, maximum }: NegErrMessage): boolean {
  if (reason.prefix !== 'blocked') return false;
  return maximum !== undefined || /too (big|large|many|much)|maximum|exceed/i.test(reason.message);
}

function tried<T>(work: () => T): T | NegentropyError {
  try {
    return work();
  } catch (error) {
    if (error instanceof NegentropyError) return error;
    throw error;
  }
}
