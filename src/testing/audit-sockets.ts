import { isRecord } from '../protocol/event.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { HistoryEntry } from './history-entry.ts';
import type { Audit, AuditContext } from './history-rule.ts';

const MINUTE = 60_000;
/** The id that no event has: a pool asks for it to see whether a connection is alive. */
const NOBODY = '0'.repeat(64);

interface Socket {
  readonly relay: RelayUrl;
  readonly requests: Set<string>;
  isLive: boolean;
}

/** The bounds: sockets, REQs, attempts, and whatever has a gauge; and what is left when all is over. */
export function auditSockets({
  broken,
  sockets: mostSockets = Infinity,
  socketsPerRelay = Infinity,
  subscriptions,
  attemptsPerMinute = Infinity,
}: AuditContext): Audit {
  const sockets = new Map<number, Socket>();
  const attempts = new Map<RelayUrl, number[]>();
  /** When relays left the pool. What goes on at that moment is the leaving itself. */
  const leftAt = new Map<RelayUrl, number>();
  const isStranger = (relay: RelayUrl, at: number): boolean => (leftAt.get(relay) ?? Infinity) < at;

  const dialled = (at: number, relay: RelayUrl, socket: number): void => {
    sockets.set(socket, { relay, requests: new Set(), isLive: true });
    const live = [...sockets.values()].filter(({ isLive }) => isLive);
    const same = live.filter((other) => other.relay === relay);
    if (live.length > mostSockets) broken(at, 'bound', `${live.length} sockets of ${mostSockets}`);
    if (same.length > socketsPerRelay) broken(at, 'bound', `${same.length} sockets of ${socketsPerRelay} to ${relay}`);
    const recent = (attempts.get(relay) ?? []).filter((attempt) => attempt > at - MINUTE);
    recent.push(at);
    attempts.set(relay, recent);
    if (recent.length > attemptsPerMinute) {
      broken(at, 'bound', `${recent.length} attempts of ${attemptsPerMinute} within a minute to connect to ${relay}`);
    }
    if (isStranger(relay, at)) broken(at, 'stranger', `${relay} was dialled, but is not in the pool`);
  };
  const sent = ({ at, relay, socket, message }: HistoryEntry & { readonly type: 'sent' }): void => {
    const requests = sockets.get(socket)?.requests;
    if (message.type === 'CLOSE') requests?.delete(message.subscriptionId);
    if (message.type !== 'REQ' && message.type !== 'EVENT') return;
    if (isStranger(relay, at)) broken(at, 'stranger', `${relay} got ${message.type}, but is not in the pool`);
    if (message.type !== 'REQ' || message.filters.some(isProbe)) return;
    requests?.add(message.subscriptionId);
    const most = subscriptions?.(relay) ?? Infinity;
    if (requests && requests.size > most) {
      broken(at, 'bound', `${requests.size} REQs of ${most} are open on a connection of ${relay}`);
    }
  };

  return {
    see: (entry) => {
      switch (entry.type) {
        case 'joined':
          leftAt.delete(entry.relay);
          return;
        case 'left':
          leftAt.set(entry.relay, entry.at);
          return;
        case 'dialled':
          return dialled(entry.at, entry.relay, entry.socket);
        case 'closing': {
          const socket = sockets.get(entry.socket);
          if (socket) socket.isLive = false;
          return;
        }
        case 'closed':
          sockets.delete(entry.socket);
          return;
        case 'sent':
          return sent(entry);
        case 'received':
          if (entry.message.type === 'CLOSED') {
            sockets.get(entry.socket)?.requests.delete(entry.message.subscriptionId);
          }
          return;
        case 'gauge':
          if (entry.value > entry.most) broken(entry.at, 'bound', `${entry.value} of ${entry.most} ${entry.name}`);
          return;
        case 'over':
          if (sockets.size > 0) broken(entry.at, 'leftover', `${sockets.size} sockets are not closed`);
          if (entry.timers > 0) broken(entry.at, 'leftover', `${entry.timers} timers are pending`);
          return;
        default:
      }
    },
  };
}

function isProbe(filter: unknown): boolean {
  const ids: unknown = isRecord(filter) ? filter['ids'] : undefined;
  return Array.isArray(ids) && ids.includes(NOBODY);
}
