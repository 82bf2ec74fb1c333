import type { NostrEvent } from './event.ts';
import { encodeEvent } from './message.ts';
import { difficultyOf } from './proof-of-work.ts';
import { parseReason, type Reason } from './reason.ts';
import { createdAtBounds, type RelayLimits } from './relay-limits.ts';
import { characterCount, utf8Length } from './text-length.ts';

/**
 * Why a relay with these limits would refuse an event, told before it is sent, in the words of NIP-01 and NIP-42; undefined when nothing
 * speaks against it. Of several reasons the one that no AUTH and no work would mend comes first.
 *
 * Whether the relay is paid or takes events of some only is no reason: whoever publishes may have paid, or be one of them.
 *
 * @param now - Seconds since 1970.
 * @param canAuthenticate - Whether an AUTH can be answered, so that a relay which requires it is no obstacle.
 */
export function refusalOf(
  event: NostrEvent,
  limits: RelayLimits,
  now: number,
  canAuthenticate: boolean,
): Reason | undefined {
  const text =
    sizeProblem(event, limits) ??
    timeProblem(event, limits, now) ??
    workProblem(event, limits) ??
    (limits.authRequired === true && !canAuthenticate
      ? 'auth-required: this relay takes events after an AUTH only, and there is no signer for one'
      : undefined);
  return text === undefined ? undefined : parseReason(text);
}

function sizeProblem(event: NostrEvent, limits: RelayLimits): string | undefined {
  const { maxEventTags = Infinity, maxContentLength = Infinity, maxMessageLength = Infinity } = limits;
  if (event.tags.length > maxEventTags) {
    return `invalid: this relay takes at most ${maxEventTags} tags, the event has ${event.tags.length}`;
  }
  // A character has one unit or two, so most contents need not be counted.
  const characters = event.content.length > maxContentLength ? characterCount(event.content) : 0;
  if (characters > maxContentLength) {
    return `invalid: this relay takes at most ${maxContentLength} characters of content, the event has ${characters}`;
  }
  const bytes = maxMessageLength < Infinity ? utf8Length(encodeEvent(event)) : 0;
  if (bytes > maxMessageLength) {
    return `invalid: this relay takes messages of at most ${maxMessageLength} bytes, the event makes one of ${bytes}`;
  }
  return undefined;
}

function timeProblem({ created_at: createdAt }: NostrEvent, limits: RelayLimits, now: number): string | undefined {
  const { since = -Infinity, until = Infinity } = createdAtBounds(limits, now);
  if (createdAt < since) {
    return `invalid: this relay takes no event from before ${since}, the event has a created_at of ${createdAt}`;
  }
  if (createdAt > until) {
    return `invalid: this relay takes no event from after ${until}, the event has a created_at of ${createdAt}`;
  }
  return undefined;
}

function workProblem({ id }: NostrEvent, { minPowDifficulty = 0 }: RelayLimits): string | undefined {
  const difficulty = minPowDifficulty > 0 ? difficultyOf(id) : 0;
  return difficulty < minPowDifficulty
    ? `pow: this relay takes a difficulty of at least ${minPowDifficulty}, the event has ${difficulty}`
    : undefined;
}
