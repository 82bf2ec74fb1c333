import { toNostrEvent, type NostrEvent } from '../protocol/event.ts';
import { compileFilters, type Filter } from '../protocol/filter.ts';
import type { HistoryEntry } from './history-entry.ts';
import type { Audit, AuditContext } from './history-rule.ts';
import { isServedBy } from './relay-record.ts';

/** Who may be meant by what arrives. */
export interface Receiver {
  readonly delivered: Set<string>;
  /** The place in the history of its last question. */
  askedIn: number;
  filters: readonly Filter[];
  matches: (event: NostrEvent) => boolean;
  endedAt: number;
}

interface OpenRequest {
  readonly filters: readonly Filter[];
  readonly matches: (event: NostrEvent) => boolean;
}

/** What arrived for somebody and is still to be delivered. */
interface Arrival {
  readonly due: number;
  readonly from: string;
  readonly socket: number;
  readonly request: OpenRequest;
  readonly event: NostrEvent;
  readonly at: number;
  /** Its place in the history. */
  readonly place: number;
  readonly receivers: readonly (readonly [name: string, Receiver])[];
}

/**
 * A real event that arrives for an open REQ is delivered, if to one alone of those whom the REQ may be for: frames do not say for
 * whom it is. It is excused where this side closes the REQ or the socket meanwhile, where the relay leaves the pool, or one whom it may be for
 * leaves.
 */
export function auditArrivals(
  { broken, verify, patience }: AuditContext,
  receivers: ReadonlyMap<string, Receiver>,
): Audit {
  const requests = new Map<number, Map<string, OpenRequest>>();
  let arrivals: Arrival[] = [];
  let place = 0;

  const isDelivered = ({ event, receivers: all }: Arrival): boolean =>
    all.some(([, { delivered }]) => delivered.has(event.id));
  const isExcused = (arrival: Arrival): boolean =>
    arrival.receivers.some(([, { endedAt, askedIn }]) => endedAt < Infinity || askedIn > arrival.place);
  const settle = (now: number): void => {
    if (arrivals.length === 0 || !arrivals.some(({ due }) => due < now)) return;
    const [due, waiting] = [[] as Arrival[], [] as Arrival[]];
    for (const arrival of arrivals) (arrival.due < now ? due : waiting).push(arrival);
    arrivals = waiting;
    for (const arrival of due) {
      if (isDelivered(arrival) || isExcused(arrival)) continue;
      const names = arrival.receivers.map(([name]) => name).join(', ');
      const what = `event ${arrival.event.id.slice(0, 8)} (${JSON.stringify(arrival.event.content.slice(0, 20))})`;
      broken(arrival.at, 'missed', `${what} arrived from ${arrival.from} and none of ${names} was told of it`);
    }
  };
  const arrived = (at: number, from: string, socket: number, id: string, value: unknown): void => {
    const request = requests.get(socket)?.get(id);
    const event = request && toNostrEvent(value);
    if (!request || !event || !request.matches(event)) return;
    const meant = [...receivers].filter(
      ([, receiver]) =>
        receiver.endedAt === Infinity && receiver.matches(event) && isServedBy(receiver.filters, request.filters),
    );
    if (meant.length === 0 || meant.some(([, { delivered }]) => delivered.has(event.id)) || !verify(event)) return;
    arrivals.push({ at, place, due: at + patience, from, socket, request, event, receivers: meant });
  };
  const forget = (isForgotten: (arrival: Arrival) => boolean): void => {
    if (arrivals.length > 0) arrivals = arrivals.filter((arrival) => !isForgotten(arrival));
  };

  return {
    see: (entry: HistoryEntry) => {
      place++;
      settle(entry.at);
      switch (entry.type) {
        case 'dialled':
          requests.set(entry.socket, new Map());
          return;
        case 'closing':
          requests.delete(entry.socket);
          return forget(({ socket }) => socket === entry.socket);
        case 'closed':
          requests.delete(entry.socket);
          return;
        case 'left':
          return forget(({ from }) => from === entry.relay);
        case 'sent': {
          const { message, socket } = entry;
          const open = requests.get(socket);
          if (message.type === 'REQ') {
            const filters = message.filters as readonly Filter[];
            open?.set(message.subscriptionId, { filters, matches: compileFilters(filters) });
          } else if (message.type === 'CLOSE') {
            const request = open?.get(message.subscriptionId);
            open?.delete(message.subscriptionId);
            forget((arrival) => arrival.request === request);
          }
          return;
        }
        case 'received': {
          const { message, socket } = entry;
          if (message.type === 'EVENT') {
            return arrived(entry.at, entry.relay, socket, message.subscriptionId, message.event);
          }
          if (message.type === 'CLOSED') requests.get(socket)?.delete(message.subscriptionId);
          return;
        }
        default:
      }
    },
    end: () => settle(Infinity),
  };
}
