import { isRecord } from './event.ts';
import { field, present, readRelayLimits, type RelayLimits, wholeNumber } from './relay-limits.ts';

/**
 * How long a relay keeps events, as it says.
 *
 * @example
 * ```ts
 * import type { RelayRetention } from 'rx-relay-pool';
 *
 * const forgets = (kind: number, { kinds, seconds }: RelayRetention): boolean =>
 *   seconds !== Infinity && (kinds?.some(([from, to]) => from <= kind && kind <= to) ?? true);
 * ```
 */
export interface RelayRetention {
  /** The kinds that it is about, as ranges with both ends included; absent when it is about all of them. */
  readonly kinds?: readonly (readonly [from: number, to: number])[];
  /** Seconds that an event is kept; 0 when it is not stored at all, `Infinity` when for ever. */
  readonly seconds?: number;
  /** How many events are kept. */
  readonly count?: number;
}

/**
 * What a relay says about itself (NIP-11), with what NIP-11 had until February 2026. All of it is unproved, and every text is the
 * relay's own: show it as text, never as HTML. A field is absent when the document has none, or one of the wrong type.
 *
 * Texts are cut to 256 characters (the description to 4,096), lists to 256 entries. Addresses are `http:` or `https:` URLs.
 *
 * @example
 * ```ts
 * import type { RelayInformation } from 'rx-relay-pool';
 *
 * const canSearch = ({ supportedNips }: RelayInformation): boolean => supportedNips.includes(50);
 * ```
 */
export interface RelayInformation {
  readonly name?: string;
  readonly description?: string;
  /** Who runs it: 64 lower-case hex digits. */
  readonly pubkey?: string;
  /** The relay's own key: 64 lower-case hex digits. */
  readonly self?: string;
  /** How to reach who runs it, in whatever form: an address of mail, a URL, anything. */
  readonly contact?: string;
  readonly software?: string;
  readonly version?: string;
  readonly icon?: string;
  readonly banner?: string;
  /** Where one pays. */
  readonly paymentsUrl?: string;
  readonly termsOfService?: string;
  readonly privacyPolicy?: string;
  readonly postingPolicy?: string;
  /** Numbers of NIPs, each once, in the relay's order. */
  readonly supportedNips: readonly number[];
  readonly limits: RelayLimits;
  /** Countries whose law bears on the relay: two capital letters (ISO 3166-1), `EU`, or `*` for all. */
  readonly countries: readonly string[];
  /** Language tags (BCP 47), the main one first, or `*` for all. */
  readonly languages: readonly string[];
  /** What the relay is about, such as `sfw-only`. */
  readonly tags: readonly string[];
  readonly retention: readonly RelayRetention[];
}

const LONGEST_TEXT = 256;
const LONGEST_DESCRIPTION = 4_096;
const LONGEST_ADDRESS = 2_048;
const LONGEST_LIST = 256;
/** Kinds have 16 bits; no NIP has a larger number either. */
const LARGEST_KIND = 65_535;
const KEY = /^[0-9a-f]{64}$/i;
const COUNTRY = /^(?:[a-z]{2}|\*)$/i;
/** Well-formed as far as it matters: subtags of up to eight letters and digits, at most eight of them. */
const LANGUAGE = /^(?:[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,7}|\*)$/i;

/** Reads a document as it came. Undefined for what is no JSON object; never throws. */
export function parseRelayInformation(text: string): RelayInformation | undefined {
  try {
    return readRelayInformation(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Reads a document. Undefined for what is no object; all that an object lacks, or has in a wrong type, is left out. Never throws. */
export function readRelayInformation(document: unknown): RelayInformation | undefined {
  if (!isRecord(document)) return undefined;
  const read = <T>(key: string, as: (value: unknown) => T): T => as(field(document, key));
  return {
    ...present<Omit<RelayInformation, 'supportedNips' | 'limits' | 'countries' | 'languages' | 'tags' | 'retention'>>({
      name: read('name', text),
      description: read('description', description),
      pubkey: read('pubkey', publicKey),
      self: read('self', publicKey),
      contact: read('contact', text),
      software: read('software', text),
      version: read('version', text),
      icon: read('icon', address),
      banner: read('banner', address),
      paymentsUrl: read('payments_url', address),
      termsOfService: read('terms_of_service', address),
      privacyPolicy: read('privacy_policy', address),
      postingPolicy: read('posting_policy', address),
    }),
    supportedNips: read('supported_nips', listOf(nip)),
    limits: read('limitation', readRelayLimits),
    countries: read('relay_countries', listOf(country)),
    languages: read('language_tags', listOf(language)),
    tags: read('tags', listOf(text)),
    retention: read('retention', listOf(retention)),
  };
}

/** Reads a list: what can be read of it, each value once, no more than fits. */
function listOf<T>(read: (entry: unknown) => T | undefined): (value: unknown) => readonly T[] {
  return (value) => {
    const entries = new Set<T>();
    for (const entry of Array.isArray(value) ? (value as readonly unknown[]) : []) {
      const sensible = read(entry);
      if (sensible !== undefined) entries.add(sensible);
      if (entries.size === LONGEST_LIST) break;
    }
    return [...entries];
  };
}

function text(value: unknown): string | undefined {
  return cut(value, LONGEST_TEXT);
}

function description(value: unknown): string | undefined {
  return cut(value, LONGEST_DESCRIPTION);
}

/** The beginning of a text; a pair of surrogates is not torn apart. */
function cut(value: unknown, length: number): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  if (value.length <= length) return value;
  const last = value.charCodeAt(length - 1);
  return value.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/** What is too long is left out: cut, it would be another key or another address. */
function publicKey(value: unknown): string | undefined {
  return typeof value === 'string' && KEY.test(value) ? value.toLowerCase() : undefined;
}

/** For links and images: a `javascript:` or `data:` URL of a relay has no business there. */
function address(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > LONGEST_ADDRESS) return undefined;
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return undefined;
  }
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  return isWeb && url.href.length <= LONGEST_ADDRESS ? url.href : undefined;
}

function nip(value: unknown): number | undefined {
  return wholeNumber(value, 1, LARGEST_KIND);
}

function country(value: unknown): string | undefined {
  return typeof value === 'string' && COUNTRY.test(value) ? value.toUpperCase() : undefined;
}

function language(value: unknown): string | undefined {
  return typeof value === 'string' && LANGUAGE.test(value) ? value : undefined;
}

function retention(value: unknown): RelayRetention | undefined {
  const asked = field(value, 'kinds');
  const kinds = listOf(kindRange)(asked);
  const time = field(value, 'time');
  const seconds = time === null ? Infinity : wholeNumber(time, 0);
  const count = wholeNumber(field(value, 'count'), 0);
  // About kinds that nobody can tell, or without saying anything.
  if ((asked !== undefined && kinds.length === 0) || (seconds === undefined && count === undefined)) return undefined;
  return present<RelayRetention>({ kinds: asked === undefined ? undefined : kinds, seconds, count });
}

/** A kind, or a pair that is a range of them. */
function kindRange(value: unknown): readonly [number, number] | undefined {
  const [first, second = first, ...more] = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  const from = wholeNumber(first, 0, LARGEST_KIND);
  const to = wholeNumber(second, 0, LARGEST_KIND);
  return from !== undefined && to !== undefined && from <= to && more.length === 0 ? [from, to] : undefined;
}
