import { isRecord } from './event.ts';

/**
 * What a relay says that it takes, in the `limitation` of its information document (NIP-11). Only what makes sense is here: a limit
 * that is absent was not named, or was of no use (a negative length, a text where a number belongs, none at all).
 *
 * These are the relay's words, not a promise: many relays refuse earlier than they say.
 *
 * @example
 * ```ts
 * import type { RelayLimits } from 'rx-relay-pool';
 *
 * const takesAll = (filters: number, limits: RelayLimits): boolean => filters <= (limits.maxFilters ?? Infinity);
 * ```
 */
export interface RelayLimits {
  /** UTF-8 bytes of a whole message to the relay, brackets and verb included. From 1. */
  readonly maxMessageLength?: number;
  /** Subscriptions that one connection may have open. From 1. */
  readonly maxSubscriptions?: number;
  /** Filters in one REQ. No NIP names it, relays do. From 1. */
  readonly maxFilters?: number;
  /** Stored events for one filter: a larger `limit` is cut to this. From 1. */
  readonly maxLimit?: number;
  /** Stored events for a filter without a `limit`. From 1. */
  readonly defaultLimit?: number;
  /** Characters of a subscription id. NIP-01 allows no more than 64, whatever the relay says. From 1. */
  readonly maxSubscriptionIdLength?: number;
  /** Tags of a published event. From 1. */
  readonly maxEventTags?: number;
  /** Unicode characters of a published event's content. From 1. */
  readonly maxContentLength?: number;
  /** Leading zero bits that the id of a published event needs (NIP-13). 0 to 256. */
  readonly minPowDifficulty?: number;
  /** Whether nothing goes before an AUTH (NIP-42). */
  readonly authRequired?: boolean;
  /** Whether one has to have paid. */
  readonly paymentRequired?: boolean;
  /** Whether events are taken under some condition only: of members, of some kinds, with a proof of work. */
  readonly restrictedWrites?: boolean;
  /** Seconds before now that a published event's `created_at` may lie. From 1. */
  readonly createdAtLowerLimit?: number;
  /** Seconds after now that a published event's `created_at` may lie. From 1. */
  readonly createdAtUpperLimit?: number;
  /** The earliest `created_at`, in seconds since 1970, of a relay that names a moment where NIP-11 wants a span. */
  readonly earliestCreatedAt?: number;
  /** The latest `created_at`, in seconds since 1970, of a relay that names a moment where NIP-11 wants a span. */
  readonly latestCreatedAt?: number;
}

/** No id has more bits, so no work reaches more. */
const ID_BITS = 256;
/**
 * From here on a number of seconds is a moment (September 2001): as a span it would be longer than 31 years, and bound nothing that
 * was ever signed.
 */
const FIRST_MOMENT = 1_000_000_000;
/** From here on it is neither: this is how 32 bits say "without a limit", and milliseconds lie far beyond. */
const UNLIMITED = 2 ** 31 - 1;

/** Reads `limitation`, whatever it is. Never throws. */
export function readRelayLimits(limitation: unknown): RelayLimits {
  // 0 and -1 stand for "no limit" in more than one relay; taken at their word they would forbid to say anything.
  const most = (key: string): number | undefined => wholeNumber(field(limitation, key), 1);
  const flag = (key: string): boolean | undefined => truth(field(limitation, key));
  const lower = most('created_at_lower_limit');
  const upper = most('created_at_upper_limit');
  return present<RelayLimits>({
    maxMessageLength: most('max_message_length'),
    maxSubscriptions: most('max_subscriptions'),
    maxFilters: most('max_filters'),
    maxLimit: most('max_limit'),
    defaultLimit: most('default_limit'),
    maxSubscriptionIdLength: most('max_subid_length'),
    maxEventTags: most('max_event_tags'),
    maxContentLength: most('max_content_length'),
    minPowDifficulty: wholeNumber(field(limitation, 'min_pow_difficulty'), 0, ID_BITS),
    authRequired: flag('auth_required'),
    paymentRequired: flag('payment_required'),
    restrictedWrites: flag('restricted_writes'),
    createdAtLowerLimit: span(lower),
    createdAtUpperLimit: span(upper),
    earliestCreatedAt: moment(lower),
    latestCreatedAt: moment(upper),
  });
}

/** Both inclusive, in seconds since 1970, as in a filter. */
export interface CreatedAtBounds {
  readonly since?: number;
  readonly until?: number;
}

/**
 * Between which times an event that is published `now` (seconds) may be dated. A moment that would refuse the very present is
 * disregarded: it was computed when the relay started, or is no moment at all.
 */
export function createdAtBounds(limits: RelayLimits, now: number): CreatedAtBounds {
  const { createdAtLowerLimit, createdAtUpperLimit, earliestCreatedAt = Infinity, latestCreatedAt = 0 } = limits;
  return present<CreatedAtBounds>({
    since:
      createdAtLowerLimit !== undefined
        ? now - createdAtLowerLimit
        : unless(earliestCreatedAt > now, earliestCreatedAt),
    until:
      createdAtUpperLimit !== undefined ? now + createdAtUpperLimit : unless(latestCreatedAt < now, latestCreatedAt),
  });
}

/** The field of an object that is its own, or undefined. */
export function field(of: unknown, key: string): unknown {
  return isRecord(of) && Object.hasOwn(of, key) ? of[key] : undefined;
}

/** A whole number in the range, or undefined. Relays write numbers as texts too. */
export function wholeNumber(value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most
    ? number
    : undefined;
}

/** The object without the fields that are undefined. */
export function present<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Relays write flags as numbers and texts too. */
function truth(value: unknown): boolean | undefined {
  if (value === true || value === 1 || value === 'true') return true;
  return value === false || value === 0 || value === 'false' ? false : undefined;
}

function span(seconds: number | undefined): number | undefined {
  return seconds !== undefined && seconds < FIRST_MOMENT ? seconds : undefined;
}

function moment(seconds: number | undefined): number | undefined {
  return seconds !== undefined && seconds >= FIRST_MOMENT && seconds < UNLIMITED ? seconds : undefined;
}

function unless(condition: boolean, value: number): number | undefined {
  return condition ? undefined : value;
}
