import { isRecord, type NostrEvent } from '../protocol/event.ts';
import { acceptedByRelay, type Reason } from '../protocol/reason.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { PublishOutcome, PublishReport } from '../pool/publish-report.ts';
import type { Audit, AuditContext } from './history-rule.ts';

interface Answer {
  readonly accepted: boolean;
  readonly reason: Reason;
}

/** What went between this side and one relay about one event, since a publish began. */
interface Exchange {
  isSent: boolean;
  readonly answers: Answer[];
}

interface Publish {
  readonly name: string;
  readonly event: NostrEvent;
  readonly exchanges: Map<RelayUrl, Exchange>;
  readonly judged: Set<RelayUrl>;
  /** Another publish of the same event was under way, so what was sent may have been for that one. */
  isShared: boolean;
  state: 'open' | 'over' | 'taken-back';
}

/** What publishes say of relays, beside what went over the wire. */
export function auditPublishes({ broken }: AuditContext): Audit {
  const publishes = new Map<string, Publish>();
  const byEvent = new Map<string, Publish[]>();
  const closing = new Set<number>();

  const exchangeOf = (publish: Publish, relay: RelayUrl): Exchange => {
    const known = publish.exchanges.get(relay);
    if (known) return known;
    const exchange: Exchange = { isSent: false, answers: [] };
    publish.exchanges.set(relay, exchange);
    return exchange;
  };
  const begun = (name: string, event: NostrEvent): void => {
    const others = byEvent.get(event.id) ?? [];
    const open = others.filter(({ state }) => state === 'open');
    const [exchanges, judged] = [new Map<RelayUrl, Exchange>(), new Set<RelayUrl>()];
    const publish: Publish = { name, event, exchanges, judged, isShared: open.length > 0, state: 'open' };
    for (const other of open) other.isShared = true;
    publishes.set(name, publish);
    byEvent.set(event.id, [...others, publish]);
  };
  const sent = (at: number, relay: RelayUrl, value: unknown): void => {
    const all = byEvent.get(idOf(value)) ?? [];
    for (const publish of all) exchangeOf(publish, relay).isSent = true;
    const [last] = all.slice(-1);
    if (last?.state === 'taken-back' && all.every(({ state }) => state !== 'open')) {
      broken(at, 'taken-back', `${last.name} was sent to ${relay} after it was taken back`);
    }
  };
  const answered = (relay: RelayUrl, eventId: string, answer: Answer): void => {
    for (const publish of byEvent.get(eventId) ?? []) {
      if (publish.state === 'open') exchangeOf(publish, relay).answers.push(answer);
    }
  };
  const reported = (at: number, publish: Publish, report: PublishReport): void => {
    const outcomes = Object.entries(report.outcomes) as [RelayUrl, PublishOutcome][];
    const count = (status: PublishOutcome['status']): number =>
      outcomes.filter(([, outcome]) => outcome.status === status).length;
    if (report.accepted !== count('accepted') || report.pending !== count('pending')) {
      broken(at, 'outcome', `${publish.name} miscounts: ${report.accepted} accepted and ${report.pending} pending`);
    }
    const isFirst = publish.judged.size === 0 && publish.exchanges.size === 0;
    for (const [relay, outcome] of outcomes) {
      if (outcome.status === 'pending' || publish.judged.has(relay)) continue;
      publish.judged.add(relay);
      // What the first report says is accepted was accepted earlier.
      if (isFirst && outcome.status === 'accepted') continue;
      const problem = problemOf(outcome, exchangeOf(publish, relay), publish.isShared);
      if (problem) broken(at, 'outcome', `${publish.name} says ${outcome.status} of ${relay}, but ${problem}`);
    }
  };

  return {
    see: (entry) => {
      switch (entry.type) {
        case 'publishing':
          return begun(entry.name, entry.event);
        case 'closing':
          closing.add(entry.socket);
          return;
        case 'sent':
          if (entry.message.type === 'EVENT') sent(entry.at, entry.relay, entry.message.event);
          return;
        case 'received':
          // A socket that this side is closing has no more say.
          if (entry.message.type === 'OK' && !closing.has(entry.socket)) {
            answered(entry.relay, entry.message.eventId, entry.message);
          }
          return;
        case 'report': {
          const publish = publishes.get(entry.name);
          if (publish) reported(entry.at, publish, entry.report);
          return;
        }
        case 'ended': {
          const publish = publishes.get(entry.name);
          if (publish) publish.state = entry.how === 'unsubscribed' ? 'taken-back' : 'over';
          return;
        }
        default:
      }
    },
  };
}

/** What speaks against an outcome, undefined where nothing does. Of what two publishes share, either may be the other's. */
function problemOf(outcome: PublishOutcome, { isSent, answers }: Exchange, isShared: boolean): string | undefined {
  const isAccepted = answers.some(({ accepted, reason }) => acceptedByRelay(accepted, reason));
  if (isAccepted && outcome.status !== 'accepted') return isShared ? undefined : 'the relay had accepted it';
  switch (outcome.status) {
    case 'accepted':
      return isAccepted ? undefined : 'the relay had not said so';
    case 'rejected':
      if (outcome.isUnsent) return isSent && !isShared ? 'it had been sent' : undefined;
      if (answers.some(({ reason }) => reason.raw === outcome.reason.raw)) return undefined;
      return `the relay had not said ${JSON.stringify(outcome.reason.raw)}`;
    case 'silent':
      if (!isSent) return 'it had not been sent';
      // After this one it may have been sent once more, to no avail.
      if (answers.every(({ reason }) => reason.prefix === 'auth-required')) return undefined;
      return 'the relay had rejected it';
    default:
      return isSent && !isShared ? 'it had been sent' : undefined;
  }
}

function idOf(value: unknown): string {
  return isRecord(value) && typeof value['id'] === 'string' ? value['id'] : '';
}
