import { isPrivateHost } from './private-host.ts';

declare const brand: unique symbol;

/**
 * The address of a relay in the one form that this library compares: what {@link relayUrl} returns.
 *
 * @example
 * ```ts
 * import { relayUrl, type RelayUrl } from 'rx-relay-pool';
 *
 * const seen = new Set<RelayUrl>([relayUrl('wss://relay.example')]);
 * console.log(seen.has(relayUrl('WSS://Relay.Example:443/'))); // true
 * ```
 */
export type RelayUrl = string & { readonly [brand]: 'RelayUrl' };

/**
 * An address that is not, or may not be, a relay's.
 *
 * | code | meaning |
 * |---|---|
 * | `not-a-url` | no URL with a host could be read |
 * | `not-websocket` | neither `ws:` nor `wss:` |
 * | `credentials` | carries a user name or a password |
 * | `private-host` | leads into a private network or to this machine ({@link admitRelayUrl} only) |
 *
 * @example
 * ```ts
 * import { relayUrl, RelayUrlError } from 'rx-relay-pool';
 *
 * try {
 *   relayUrl('https://relay.example');
 * } catch (error) {
 *   if (error instanceof RelayUrlError) console.log(error.code); // not-websocket
 * }
 * ```
 */
export class RelayUrlError extends Error {
  override readonly name = 'RelayUrlError';
  readonly code: 'not-a-url' | 'not-websocket' | 'credentials' | 'private-host';
  /** What was given. */
  readonly input: string;

  constructor(code: RelayUrlError['code'], input: string) {
    super(`${PROBLEMS[code]}: ${String(input).slice(0, 200)}`);
    this.code = code;
    this.input = input;
  }
}

const PROBLEMS: Readonly<Record<RelayUrlError['code'], string>> = {
  'not-a-url': 'A relay needs a URL such as wss://relay.example',
  'not-websocket': 'The URL of a relay starts with wss:// or ws://',
  credentials: 'The URL of a relay carries no user name and no password',
  'private-host': 'A relay that an event names may not lead into a private network',
};

/**
 * The one form of a relay's address: scheme and host in lower case, no default port, no fragment, no trailing dot of
 * the host, and `/` for an empty path. Path and query stay as they are. No NIP fixes this form.
 *
 * @throws {@link RelayUrlError} when it is not a URL, not `ws:` or `wss:`, or carries credentials.
 *
 * @example
 * ```ts
 * import { relayUrl } from 'rx-relay-pool';
 *
 * console.log(relayUrl('WSS://Relay.Example:443')); // wss://relay.example/
 * ```
 */
export function relayUrl(input: string): RelayUrl {
  return read(input).url;
}

/**
 * As {@link relayUrl}, for an address that came out of an event (NIP-65, NIP-66, a hint): it also refuses hosts that
 * lead to this machine or into a private network, whatever their notation, and names without a dot.
 *
 * It looks at the address alone. A public name that resolves to a private address is for the resolver to refuse.
 *
 * @throws {@link RelayUrlError} as {@link relayUrl} does, and with the code `private-host`.
 *
 * @example
 * ```ts
 * import { admitRelayUrl } from 'rx-relay-pool';
 *
 * const usable = ['wss://relay.example', 'ws://192.168.0.1'].filter((url) => {
 *   try {
 *     return admitRelayUrl(url) !== '';
 *   } catch {
 *     return false;
 *   }
 * });
 * console.log(usable); // ['wss://relay.example']
 * ```
 */
export function admitRelayUrl(input: string): RelayUrl {
  const { url, hostname } = read(input);
  if (isPrivateHost(hostname)) throw new RelayUrlError('private-host', input);
  return url;
}

function read(input: string): { readonly url: RelayUrl; readonly hostname: string } {
  let url: URL;
  try {
    url = new URL(input);
  } catch {
    throw new RelayUrlError('not-a-url', input);
  }
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw new RelayUrlError('not-websocket', input);
  if (url.username !== '' || url.password !== '') throw new RelayUrlError('credentials', input);
  // `host.` and `host` are one host; with two names it would count as two relays.
  const hostname = url.hostname.endsWith('.') ? url.hostname.slice(0, -1) : url.hostname;
  if (hostname === '' || hostname.endsWith('.')) throw new RelayUrlError('not-a-url', input);
  const port = url.port === '' ? '' : `:${url.port}`;
  return { url: `${url.protocol}//${hostname}${port}${url.pathname}${url.search}` as RelayUrl, hostname };
}
