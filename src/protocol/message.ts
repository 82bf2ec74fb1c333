import { isNatural, isRecord } from './event.ts';
import { parseReason, type Reason } from './reason.ts';

/**
 * A message from a relay (NIP-01, 42, 45, 67 and 77). `UNKNOWN` is a verb that this library does not know; `MALFORMED`
 * is a frame that is no message at all.
 */
export type RelayMessage =
  | { readonly type: 'EVENT'; readonly subscriptionId: string; readonly event: unknown }
  | { readonly type: 'OK'; readonly eventId: string; readonly accepted: boolean; readonly reason: Reason }
  | { readonly type: 'EOSE'; readonly subscriptionId: string; readonly hints: readonly string[] }
  | { readonly type: 'CLOSED'; readonly subscriptionId: string; readonly reason: Reason }
  | { readonly type: 'NOTICE'; readonly message: string }
  | { readonly type: 'AUTH'; readonly challenge: string }
  | CountMessage
  | { readonly type: 'NEG-MSG'; readonly subscriptionId: string; readonly message: string }
  | NegErrMessage
  | UnreadableMessage;

/** The end of a reconciliation by the relay (NIP-77). `maximum` is how many events one may cover, where the relay says so. */
export interface NegErrMessage {
  readonly type: 'NEG-ERR';
  readonly subscriptionId: string;
  readonly reason: Reason;
  readonly maximum?: number;
}

/** The answer to a COUNT (NIP-45). `hll` is 512 lower-case hex digits: 256 registers. */
export interface CountMessage {
  readonly type: 'COUNT';
  readonly subscriptionId: string;
  readonly count: number;
  readonly approximate: boolean;
  readonly hll?: string;
}

/** What a frame is when it is no message that can be acted on. */
export type UnreadableMessage =
  { readonly type: 'UNKNOWN'; readonly verb: string } | { readonly type: 'MALFORMED'; readonly problem: string };

/**
 * Reads a frame from a relay. Never throws. Extra trailing elements are ignored, and so is what is wrong in an optional
 * one: an OK without a text has an empty reason.
 */
export function parseRelayMessage(frame: string): RelayMessage {
  const elements = parseArray(frame);
  if (typeof elements === 'string') return malformed(elements);
  const [verb, first, second, third] = elements;
  if (typeof verb !== 'string') return malformed('the verb is not a string');
  switch (verb) {
    case 'EVENT':
    case 'OK':
    case 'EOSE':
    case 'CLOSED':
    case 'NOTICE':
    case 'AUTH':
    case 'COUNT':
    case 'NEG-MSG':
    case 'NEG-ERR':
      break;
    default:
      return { type: 'UNKNOWN', verb };
  }
  if (typeof first !== 'string') return malformed(`the second element of ${verb} is not a string`);
  switch (verb) {
    case 'EVENT':
      return elements.length > 2
        ? { type: verb, subscriptionId: first, event: second }
        : malformed('EVENT without an event');
    case 'OK':
      return typeof second === 'boolean'
        ? { type: verb, eventId: first, accepted: second, reason: reasonOf(third) }
        : malformed('OK without true or false');
    case 'EOSE':
      return { type: verb, subscriptionId: first, hints: Array.isArray(second) ? second.filter(isString) : [] };
    case 'CLOSED':
      return { type: verb, subscriptionId: first, reason: reasonOf(second) };
    case 'NEG-ERR': {
      const error = { type: verb, subscriptionId: first, reason: reasonOf(second) } as const;
      return isNatural(third) ? { ...error, maximum: third } : error;
    }
    case 'NOTICE':
      return { type: verb, message: first };
    case 'AUTH':
      return { type: verb, challenge: first };
    case 'COUNT':
      return countMessage(first, second);
    case 'NEG-MSG':
      return isHexBytes(second)
        ? { type: verb, subscriptionId: first, message: second }
        : malformed('NEG-MSG without a message in hex');
  }
}

/** A message from a client to a relay (NIP-01, 42, 45 and 77). */
export type ClientMessage =
  | { readonly type: 'EVENT'; readonly event: unknown }
  | { readonly type: 'REQ'; readonly subscriptionId: string; readonly filters: readonly unknown[] }
  | { readonly type: 'CLOSE'; readonly subscriptionId: string }
  | { readonly type: 'AUTH'; readonly event: unknown }
  | { readonly type: 'COUNT'; readonly subscriptionId: string; readonly filters: readonly unknown[] }
  | {
      readonly type: 'NEG-OPEN';
      readonly subscriptionId: string;
      readonly filter: unknown;
      readonly message: string;
    }
  | { readonly type: 'NEG-MSG'; readonly subscriptionId: string; readonly message: string }
  | { readonly type: 'NEG-CLOSE'; readonly subscriptionId: string }
  | UnreadableMessage;

const MAX_SUBSCRIPTION_ID = 64;

/** Reads a frame from a client, as a relay does. Never throws. */
export function parseClientMessage(frame: string): ClientMessage {
  const elements = parseArray(frame);
  if (typeof elements === 'string') return malformed(elements);
  const [verb, first, second, third] = elements;
  if (typeof verb !== 'string') return malformed('the verb is not a string');
  switch (verb) {
    case 'EVENT':
    case 'AUTH':
      return elements.length > 1 ? { type: verb, event: first } : malformed(`${verb} without an event`);
    case 'REQ':
    case 'CLOSE':
    case 'COUNT':
    case 'NEG-OPEN':
    case 'NEG-MSG':
    case 'NEG-CLOSE':
      break;
    default:
      return { type: 'UNKNOWN', verb };
  }
  if (!isString(first) || first.length < 1 || first.length > MAX_SUBSCRIPTION_ID) {
    return malformed(`the subscription id of ${verb} is not a string of 1 to ${MAX_SUBSCRIPTION_ID} characters`);
  }
  switch (verb) {
    case 'REQ':
    case 'COUNT':
      return elements.length > 2
        ? { type: verb, subscriptionId: first, filters: elements.slice(2) }
        : malformed(`${verb} without a filter`);
    case 'CLOSE':
    case 'NEG-CLOSE':
      return { type: verb, subscriptionId: first };
    case 'NEG-OPEN':
      return isHexBytes(third)
        ? { type: verb, subscriptionId: first, filter: second, message: third }
        : malformed('NEG-OPEN without a message in hex');
    case 'NEG-MSG':
      return isHexBytes(second)
        ? { type: verb, subscriptionId: first, message: second }
        : malformed('NEG-MSG without a message in hex');
  }
}

/** EVENT of a client (NIP-01). */
export function encodeEvent(event: unknown): string {
  return JSON.stringify(['EVENT', event]);
}

/** REQ (NIP-01). */
export function encodeReq(subscriptionId: string, filters: readonly unknown[]): string {
  return JSON.stringify(['REQ', subscriptionId, ...filters]);
}

/** CLOSE (NIP-01). */
export function encodeClose(subscriptionId: string): string {
  return JSON.stringify(['CLOSE', subscriptionId]);
}

/** AUTH of a client: the signed event of kind 22242 (NIP-42). */
export function encodeAuth(event: unknown): string {
  return JSON.stringify(['AUTH', event]);
}

/** COUNT of a client (NIP-45). */
export function encodeCount(subscriptionId: string, filters: readonly unknown[]): string {
  return JSON.stringify(['COUNT', subscriptionId, ...filters]);
}

/** NEG-OPEN (NIP-77): one filter, and the first message in hex. */
export function encodeNegOpen(subscriptionId: string, filter: unknown, message: string): string {
  return JSON.stringify(['NEG-OPEN', subscriptionId, filter, message]);
}

/** NEG-MSG of a client (NIP-77); the message is hex. */
export function encodeNegMsg(subscriptionId: string, message: string): string {
  return JSON.stringify(['NEG-MSG', subscriptionId, message]);
}

/** NEG-CLOSE (NIP-77). */
export function encodeNegClose(subscriptionId: string): string {
  return JSON.stringify(['NEG-CLOSE', subscriptionId]);
}

/** The elements of the array that a frame holds, or what is wrong with it. */
function parseArray(frame: string): readonly unknown[] | string {
  try {
    const value: unknown = JSON.parse(frame);
    return Array.isArray(value) ? value : 'not an array';
  } catch {
    return 'not JSON';
  }
}

function malformed(problem: string): { readonly type: 'MALFORMED'; readonly problem: string } {
  return { type: 'MALFORMED', problem };
}

function countMessage(subscriptionId: string, answer: unknown): RelayMessage {
  if (!isRecord(answer) || !isNatural(answer['count'])) return malformed('COUNT without a whole number');
  const { count, approximate, hll } = answer;
  const message = { type: 'COUNT', subscriptionId, count, approximate: approximate === true } as const;
  return isHexBytes(hll) && hll.length === 512 ? { ...message, hll: hll.toLowerCase() } : message;
}

function reasonOf(text: unknown): Reason {
  return parseReason(isString(text) ? text : '');
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

// Looking for what is wrong, rather than for all that is right, needs no backtracking on a message of megabytes.
function isHexBytes(value: unknown): value is string {
  return isString(value) && value.length > 0 && value.length % 2 === 0 && !/[^0-9a-f]/i.test(value);
}
