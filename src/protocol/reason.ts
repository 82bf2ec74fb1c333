/**
 * Why a relay refused, ended or answered something: the machine-readable word of NIP-01 and NIP-42, or one of those
 * that relays use besides. `'unknown'` stands for a text without a known word.
 *
 * @example
 * ```ts
 * import type { ReasonPrefix } from 'rx-relay-pool';
 *
 * const final: readonly ReasonPrefix[] = ['blocked', 'invalid', 'restricted', 'pow'];
 * ```
 */
export type ReasonPrefix =
  | 'duplicate'
  | 'pow'
  | 'blocked'
  | 'rate-limited'
  | 'invalid'
  | 'restricted'
  | 'mute'
  | 'error'
  | 'auth-required'
  | 'unsupported'
  | 'info'
  | 'closed'
  | 'replaced'
  | 'unknown';

/**
 * The text of an OK, CLOSED or NEG-ERR, taken apart.
 *
 * @example
 * ```ts
 * import type { Reason } from 'rx-relay-pool';
 *
 * const show = (reason: Reason): string => `${reason.prefix} (${reason.message})`;
 * ```
 */
export interface Reason {
  readonly prefix: ReasonPrefix;
  /** The part for people, without the prefix; may be empty. */
  readonly message: string;
  /** The text as it came. */
  readonly raw: string;
}

const PREFIXES: ReadonlyMap<string, ReasonPrefix> = new Map<string, ReasonPrefix>([
  ['duplicate', 'duplicate'],
  ['pow', 'pow'],
  ['blocked', 'blocked'],
  ['rate-limited', 'rate-limited'],
  ['invalid', 'invalid'],
  ['restricted', 'restricted'],
  ['mute', 'mute'],
  ['error', 'error'],
  ['auth-required', 'auth-required'],
  ['unsupported', 'unsupported'],
  ['info', 'info'],
  ['closed', 'closed'],
  ['replaced', 'replaced'],
  ['reject', 'blocked'],
  ['rejected', 'blocked'],
]);

/**
 * Takes the text of an OK, CLOSED or NEG-ERR apart (NIP-01). The prefix is the single word before the first colon, in
 * any case; a known word that is the whole text counts too. A leading `error:` gives way to a known prefix behind it.
 * `reject` and `rejected` mean `blocked`.
 *
 * @example
 * ```ts
 * import { parseReason } from 'rx-relay-pool';
 *
 * console.log(parseReason('ERROR: blocked: not on the list').prefix); // blocked
 * ```
 */
export function parseReason(raw: string): Reason {
  const word = /\s*([a-z-]+)(?::\s*|\s*$)/iy;
  let prefix: ReasonPrefix = 'unknown';
  let messageAt = 0;
  do {
    const found = PREFIXES.get(word.exec(raw)?.[1]?.toLowerCase() ?? '');
    if (found === undefined) break;
    prefix = found;
    messageAt = word.lastIndex;
  } while (prefix === 'error');
  return { prefix, message: raw.slice(messageAt).trim(), raw };
}

/**
 * Whether what a relay refused may be sent to it again: with backoff after `rate-limited` and `error`, after a
 * successful AUTH for `auth-required` (NIP-42), and never for anything else.
 *
 * @example
 * ```ts
 * import { isRetryable, parseReason } from 'rx-relay-pool';
 *
 * console.log(isRetryable(parseReason('rate-limited: slow down'))); // backoff
 * ```
 */
export function isRetryable(reason: Reason): 'backoff' | 'after-auth' | 'never' {
  switch (reason.prefix) {
    case 'rate-limited':
    case 'error':
      return 'backoff';
    case 'auth-required':
      return 'after-auth';
    default:
      return 'never';
  }
}

/**
 * Whether an OK says that the relay took the event: `true`, or a `duplicate` with either value, since then the relay
 * has it already (NIP-01).
 *
 * @example
 * ```ts
 * import { acceptedByRelay, parseReason } from 'rx-relay-pool';
 *
 * console.log(acceptedByRelay(false, parseReason('duplicate: already have this event'))); // true
 * ```
 */
export function acceptedByRelay(ok: boolean, reason: Reason): boolean {
  return ok || reason.prefix === 'duplicate';
}
