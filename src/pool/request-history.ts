import type { Span } from '../policies/page.ts';
import { classifyKind, type NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { Packet } from '../protocol/packet.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { storedOf } from './stored-of.ts';

/** Events and relays that are remembered; of a request with more of either, nothing is told any more. */
const [MOST_EVENTS, MOST_RELAYS] = [1_000, 1_000];
/** Spans that are told apart, for each relay; beyond this they are told as one. */
const MOST_SPANS = 8;

type Gap = Packet & { readonly type: 'gap' };
type Standing = Packet & { readonly pending: number };

/** What a request has brought so far, for those who join it later. */
export class RequestHistory {
  /** The events by their ids, and from where. */
  readonly #delivered = new Map<string, RelayUrl>();
  /** The last word of each relay, in the order in which they came. */
  readonly #said = new Map<RelayUrl, Standing>();
  readonly #gaps = new Map<RelayUrl, readonly Gap[]>();
  #isTooLong = false;

  /** @param known - A verified event by its id, while it is remembered. */
  constructor(private readonly known: (id: string) => NostrEvent | undefined) {}

  /** Whether it can be told with nothing left out. */
  get canBeTold(): boolean {
    if (this.#isTooLong) return false;
    for (const id of this.#delivered.keys()) if (!this.known(id)) return false;
    return true;
  }

  add(packet: Packet): void {
    if (this.#isTooLong) return;
    const { relay } = packet;
    if (packet.type === 'event') {
      if (classifyKind(packet.event.kind) !== 'ephemeral') this.#delivered.set(packet.event.id, relay);
    } else if (packet.type === 'gap') this.#gaps.set(relay, joined([...(this.#gaps.get(relay) ?? []), packet]));
    else {
      this.#said.delete(relay);
      this.#said.set(relay, packet);
    }
    if (this.#delivered.size > MOST_EVENTS || this.#said.size > MOST_RELAYS || this.#gaps.size > MOST_RELAYS) {
      this.#forget();
    }
  }

  /**
   * As a request of its own would have brought it: what is stored, then how the relays stand. An event that its author deleted (NIP-09)
   * is told all the same.
   *
   * @param now - Seconds since 1970.
   * @param pending - How many relays are still awaited.
   */
  toldTo(filters: readonly Filter[], now: number, pending: number): readonly Packet[] {
    const delivered = [...this.#delivered].flatMap(([id, relay]) => {
      const event = this.known(id);
      return event ? [{ type: 'event' as const, relay, event }] : [];
    });
    const said = [...this.#said.values()];
    return [
      ...storedOf(delivered, filters, now),
      ...[...this.#gaps.values()].flat(),
      ...said.map((packet, index) => ({ ...packet, pending: pending + said.length - 1 - index })),
    ];
  }

  #forget(): void {
    this.#isTooLong = true;
    for (const each of [this.#delivered, this.#said, this.#gaps]) each.clear();
  }
}

/** Spans that touch the last one become one with it; none is lost, though one may become wider. */
function joined(gaps: readonly Gap[]): readonly Gap[] {
  const last = gaps[gaps.length - 1];
  if (!last) return gaps;
  const apart = gaps.filter((gap) => gap.since > last.until + 1 || gap.until < last.since - 1);
  const whole = widest(
    last,
    gaps.filter((gap) => !apart.includes(gap)),
  );
  return apart.length < MOST_SPANS ? [...apart, whole] : [widest(whole, apart)];
}

function widest(gap: Gap, others: readonly Span[]): Gap {
  const all = [gap, ...others];
  return {
    ...gap,
    since: Math.min(...all.map(({ since }) => since)),
    until: Math.max(...all.map(({ until }) => until)),
  };
}
