import type { NostrEvent } from '../protocol/event.ts';
import { pureVerifier } from '../verifiers/pure.ts';
import { auditDeliveries } from './audit-deliveries.ts';
import { auditEndings } from './audit-endings.ts';
import { auditPublishes } from './audit-publishes.ts';
import { auditSockets } from './audit-sockets.ts';
import type { HistoryEntry } from './history-entry.ts';
import type { Audit, AuditContext, HistoryCheckOptions, HistoryViolation } from './history-rule.ts';

/**
 * Judges what a pool did by what relays, sockets and subscribers tell; see {@link HistoryRule}. It asks for no more than can
 * be promised:
 *
 * - An event is owed by a relay that held it when the subscriber asked and held it still at EOSE, or that holds it at rest
 *   after an EOSE, or from which it arrived. What a relay lost before (a restart without data), never sent because of a
 *   fault (`withheld`), or forgot is not owed by that relay; it still is by another that holds it.
 * - A relay whose last word to a subscriber is `closed` or `lost` owes nothing: the subscriber was told. At rest, `lost` has to
 *   be over, but for `silent`, `deadline` and `parked`.
 * - With a limit, what was stored before the EOSE is owed only as far as it is among the newest so many.
 * - Events that expire, and filters with a `search`, are not owed.
 *
 * @returns what was broken, in the order in which it showed; an empty list is good news
 * @example
 * ```ts
 * import { asyncScheduler } from 'rxjs';
 * import { checkHistory, RecordedHistory } from 'rx-relay-pool/testing';
 *
 * const history = new RecordedHistory(asyncScheduler);
 * const violations = checkHistory(history, { sockets: 20, socketsPerRelay: 3 });
 * console.log(violations.map(({ rule, text }) => `${rule}: ${text}`).join('\n'));
 * ```
 */
export function checkHistory(
  history: { readonly entries: readonly HistoryEntry[] },
  options: HistoryCheckOptions = {},
): readonly HistoryViolation[] {
  const violations: HistoryViolation[] = [];
  const context: AuditContext = {
    ...options,
    patience: options.patience ?? 1_000,
    verify: remembered(options.verify ?? isVerified),
    broken: (at, rule, text) => violations.push({ at, rule, text }),
  };
  const audits: readonly Audit[] = [
    auditDeliveries(context),
    auditPublishes(context),
    auditSockets(context),
    auditEndings(context),
  ];
  for (const entry of history.entries) for (const audit of audits) audit.see(entry);
  const last = history.entries.at(-1)?.at ?? 0;
  for (const audit of audits) audit.end?.(last);
  return violations.sort((a, b) => a.at - b.at);
}

function isVerified(event: NostrEvent): boolean {
  const verdicts = pureVerifier.verify([event]);
  return Array.isArray(verdicts) && verdicts[0] === true;
}

/** One verdict for the same event, in whatever copies it comes. */
function remembered(verify: (event: NostrEvent) => boolean): (event: NostrEvent) => boolean {
  const verdicts = new Map<string, boolean>();
  return ({ id, pubkey, created_at, kind, tags, content, sig }) => {
    const event = { id, pubkey, created_at, kind, tags, content, sig };
    const key = JSON.stringify(event);
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = verify(event);
    verdicts.set(key, verdict);
    return verdict;
  };
}
