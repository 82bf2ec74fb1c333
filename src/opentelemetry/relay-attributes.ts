import type { Attributes } from '@opentelemetry/api';
import type { RelayUrl } from '../protocol/relay-url.ts';

/** What stands for a value that there are too many of, by the semantic conventions. */
export const OTHER = '_OTHER';

/** A relay in the words of the semantic conventions. */
function attributesOf(relay: RelayUrl): Attributes {
  const { hostname, port, protocol } = new URL(relay);
  return {
    'nostr.relay.url': relay,
    'server.address': hostname.replace(/^\[|\]$/g, ''),
    'server.port': port === '' ? (protocol === 'wss:' ? 443 : 80) : Number(port),
  };
}

/** The attributes of relays in metrics: the first so many are told apart, as each costs a series of every metric for ever. */
export class RelayAttributes {
  readonly #known = new Map<RelayUrl, Attributes>();
  readonly #other: Attributes;

  /**
   * @param capacity - Relays that are told apart.
   * @param pool - What all of them carry.
   */
  constructor(
    private readonly capacity: number,
    private readonly pool: Attributes,
  ) {
    if (!(capacity >= 0)) {
      throw new RangeError(`InstrumentedRelayPool: 'maxRelays' must be a number from 0; got ${capacity}.`);
    }
    this.#other = { ...pool, 'nostr.relay.url': OTHER };
  }

  /** For metrics. */
  of(relay: RelayUrl): Attributes {
    return this.own(relay) ?? this.#other;
  }

  /** For spans, which cost no series. */
  full(relay: RelayUrl): Attributes {
    return this.own(relay) ?? { ...this.pool, ...attributesOf(relay) };
  }

  /** Undefined where the relay is one of those that are not told apart. */
  own(relay: RelayUrl): Attributes | undefined {
    const known = this.#known.get(relay);
    if (known || this.#known.size >= this.capacity) return known;
    const attributes = { ...this.pool, ...attributesOf(relay) };
    this.#known.set(relay, attributes);
    return attributes;
  }
}
