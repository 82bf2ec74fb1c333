import { peekFrame } from '../../src/protocol/frame.ts';
import { parseRelayMessage, type RelayMessage } from '../../src/protocol/message.ts';

const WITHOUT_SUBSCRIPTION = new Set(['OK', 'NOTICE', 'AUTH']);
const HEX_64 = /^[0-9a-f]{64}$/;
const HEX_BYTES = /^(?:[0-9a-f]{2})+$/i;
const HEX_512 = /^[0-9a-f]{512}$/;

/** What the peek says about a frame that a full parse does not say; undefined where it tells the truth, or is unsure. */
export function lieOfPeek(frame: string, parsed: unknown): string | undefined {
  const peek = peekFrame(frame);
  if (peek === undefined) return undefined;
  if (!Array.isArray(parsed)) return 'it sees a verb in what is no array';
  const [verb, second, event]: unknown[] = parsed;
  if (peek.verb !== verb) return `it sees the verb ${peek.verb}`;
  if (typeof second !== 'string') return 'it sees a second element that is no string';
  if (peek.subscriptionId !== (WITHOUT_SUBSCRIPTION.has(peek.verb) ? '' : second)) {
    return `it sees the subscription id ${JSON.stringify(peek.subscriptionId)}`;
  }
  if (!frame.slice(0, peek.restAt).endsWith('"') || /^\s*"/.test(frame.slice(peek.restAt))) {
    return 'it sees the end of the second element elsewhere';
  }
  const { id } = peek;
  // What is no id is in no table of ids.
  if (id === undefined || !HEX_64.test(id)) return undefined;
  if (peek.verb !== 'EVENT') return 'it sees an id where none is';
  const isTrue = typeof event === 'object' && event !== null && 'id' in event && event.id === id;
  return isTrue ? undefined : `it sees the id ${id}`;
}

/** What is wrong with what a frame was read as, `parsed` being the frame as JSON, or undefined where it is none. */
export function faultOfMessage(frame: string, parsed: unknown): string | undefined {
  const message = parseRelayMessage(frame);
  const elements: unknown[] | undefined = Array.isArray(parsed) ? parsed : undefined;
  if (message.type === 'MALFORMED') {
    return typeof message.problem === 'string' && message.problem !== '' ? undefined : 'no problem is named';
  }
  if (!elements) return `${message.type} in what is no array`;
  if (message.type === 'UNKNOWN') {
    return message.verb === elements[0] && typeof message.verb === 'string' ? undefined : 'the verb is another';
  }
  if (message.type !== elements[0]) return `${message.type} is not the verb`;
  return isAsWritten(message, elements) ? undefined : `not as its type says: ${JSON.stringify(message)}`;
}

function isAsWritten(message: Exclude<RelayMessage, { type: 'MALFORMED' | 'UNKNOWN' }>, elements: unknown[]): boolean {
  const [, first, second, third] = elements;
  if (typeof first !== 'string') return false;
  const isReason = (reason: { prefix: string; message: string; raw: string }, text: unknown): boolean =>
    reason.raw === (typeof text === 'string' ? text : '') &&
    typeof reason.prefix === 'string' &&
    reason.raw.includes(reason.message);
  const isNatural = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
  switch (message.type) {
    case 'EVENT':
      return message.subscriptionId === first && hasSameKeys(message.event, second);
    case 'OK':
      return message.eventId === first && message.accepted === second && isReason(message.reason, third);
    case 'EOSE':
      return message.subscriptionId === first && message.hints.every((hint) => typeof hint === 'string');
    case 'CLOSED':
      return message.subscriptionId === first && isReason(message.reason, second);
    case 'NOTICE':
      return message.message === first;
    case 'AUTH':
      return message.challenge === first;
    case 'COUNT': {
      const { subscriptionId, count, approximate, hll } = message;
      return (
        subscriptionId === first &&
        isNatural(count) &&
        typeof approximate === 'boolean' &&
        (hll === undefined ? !('hll' in message) : HEX_512.test(hll))
      );
    }
    case 'NEG-MSG':
      return message.subscriptionId === first && message.message === second && HEX_BYTES.test(message.message);
    case 'NEG-ERR': {
      const isMaximum = message.maximum === undefined ? !('maximum' in message) : message.maximum === third;
      return message.subscriptionId === first && isReason(message.reason, second) && isMaximum;
    }
  }
}

/** Not as deep as it goes: what is nested ten thousand times overflows the stack of whoever compares it. */
function hasSameKeys(one: unknown, other: unknown): boolean {
  return typeof one === typeof other && Object.keys(Object(one)).join() === Object.keys(Object(other)).join();
}
