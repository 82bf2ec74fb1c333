import type { RelayLimits } from './relay-limits.ts';

/** A limit that a relay told of by refusing. */
export interface LearntLimit {
  readonly limit: LearntLimitName;
  /** The number that the text names for it; absent where it names none, none that makes sense, or more than one. */
  readonly value?: number;
}

/** The limits that relays are seen to tell of so. */
type LearntLimitName = keyof Pick<
  RelayLimits,
  | 'maxSubscriptions'
  | 'maxFilters'
  | 'maxMessageLength'
  | 'maxLimit'
  | 'maxContentLength'
  | 'maxEventTags'
  | 'minPowDifficulty'
  | 'maxSubscriptionIdLength'
>;

/** Nobody needs more characters to name a limit. */
const LONGEST_TEXT = 500;

/** What may stand before the sentence that matters, more than one of them too. */
const HEAD =
  /\s*(?:error|notice|closed|invalid|reject(?:ed)?|blocked|restricted|rate-limited|unsupported|pow|(?:subscription|event|filter|req) (?:rejected|error)|bad (?:req|msg|event|message)|filter validation failed)\s*:\s*/y;

const OPEN = '(?:(?:concurrent|open|opened|active|simultaneous) )*';
const REQUEST = '(?:req|request|subscription|query|message)';
const MESSAGE = '(?:message|event|payload|frame|request|req)';
/** The end of what a rule knows: so that "too many tags in filter" is not "too many tags". */
const END = '(?=\\s*(?:$|[.,;:!(\\[–—-]))';

/** A sentence each, from its beginning. Of words that two limits share, the ones that were seen; anything else is not understood. */
// What is called to make a table is marked as pure here: a program that does not learn limits need not carry them.
const SENTENCES: readonly (readonly [LearntLimitName, RegExp])[] = /* @__PURE__ */ (() =>
  (
    [
      [
        'maxSubscriptions',
        `too many ${OPEN}(?:subscriptions|subs)(?: (?:on|for|in|per) (?:(?:this|the|a|one|your) )?connection)?${END}`,
      ],
      // Without the word it may as well be about how many come in a minute.
      ['maxSubscriptions', `too many (?:concurrent|open|active|simultaneous) reqs${END}`],
      [
        'maxSubscriptions',
        `(?:the )?max(?:imum)? (?:number of )?${OPEN}(?:subscriptions?|subs|reqs)(?: count| limit)? (?:reached|exceeded)${END}`,
      ],
      ['maxSubscriptions', `(?:the )?${OPEN}subscriptions? (?:count|limit) (?:reached|exceeded)${END}`],
      ['maxSubscriptions', `number of ${OPEN}subscriptions (?:exceeds|exceeded|must be less|must not exceed)\\b`],
      ['maxFilters', `too many filters(?: (?:in|for|per) (?:(?:this|the|one|a|an|your|each) )?${REQUEST})?${END}`],
      ['maxFilters', `(?:the )?max(?:imum)? (?:number of )?filters(?: per ${REQUEST})? (?:reached|exceeded)${END}`],
      ['maxFilters', `number of filters(?: per ${REQUEST})? (?:exceeds|exceeded|must be less|must not exceed)\\b`],
      // strfry, of a REQ with more elements than it takes.
      ['maxFilters', `arr too big${END}`],
      ['maxMessageLength', `${MESSAGE}(?: size| length)?(?: is| was)? too (?:large|big|long)${END}`],
      [
        'maxMessageLength',
        `(?:the )?max(?:imum)? ${MESSAGE} (?:length|size)(?: of \\d+(?: bytes)?)? (?:reached|exceeded)${END}`,
      ],
      ['maxMessageLength', `(?:global )?${MESSAGE} (?:length|size)(?: limit)? (?:reached|exceeded|exceeds)${END}`],
      [
        'maxMessageLength',
        `${MESSAGE} (?:exceeds|exceeded|reached) (?:the )?(?:max(?:imum)?|limit|size limit)(?: (?:message )?(?:length|size))?\\b`,
      ],
      ['maxLimit', `(?:(?:the|filter|requested|query) )*limit(?: value)?(?: is)? too (?:high|large|big)${END}`],
      ['maxLimit', `(?:the )?filter limit (?:must be (?:at most|less)|must not exceed|exceeds)\\b`],
      ['maxLimit', `(?:the )?(?:requested )?limit exceeds (?:the )?(?:max(?:imum)?)\\b`],
      ['maxContentLength', `(?:event )?content(?: length| size)?(?: is)? too (?:long|large|big)${END}`],
      ['maxContentLength', `(?:event )?content(?: length| size)?(?: is)? (?:longer|larger|bigger) than \\d`],
      [
        'maxContentLength',
        `(?:event )?content(?: length| size)? (?:exceeds|exceeded|must be at most|must not exceed)\\b`,
      ],
      ['maxContentLength', `max(?:imum)? content (?:length|size)(?: of \\d+)? exceeded${END}`],
      [
        'maxEventTags',
        `(?:event )?(?:(?:has|contains|with) )?too many (?:event )?tags(?: in (?:(?:the|this|an|your) )?event)?${END}`,
      ],
      [
        'maxEventTags',
        `(?:the )?(?:max(?:imum)? )?number of (?:event )?tags (?:exceeds|exceeded|must be at most|must not exceed)\\b`,
      ],
      ['maxEventTags', `max(?:imum)? (?:event )?tags exceeded${END}`],
      ['maxSubscriptionIdLength', `(?:subscription|sub|query) ?id(?:entifier)?(?: is)? too long${END}`],
      ['maxSubscriptionIdLength', `(?:subscription|sub) ?id(?:entifier)? max length exceeded${END}`],
      [
        'maxSubscriptionIdLength',
        `(?:subscription|sub) ?id(?:entifier)? (?:must|should) be [a-z -]{0,40}(?:between 1 and|max(?:imum)? length|at most|less or equal to|less than or equal to) \\d`,
      ],
      // Of an event's id, not of a public key; and 25>=24 is told of an event that was taken.
      [
        'minPowDifficulty',
        `(?=[^>≥]*$)(?!.*pubkey)(?:event )?(?:pow |proof[- ]of[- ]work )?(?:difficulty|pow|proof[- ]of[- ]work)\\b.*(?:too low|less than|below|insufficient|required|needed|<)`,
      ],
      [
        'minPowDifficulty',
        `(?:insufficient|not enough) (?:pow|proof[- ]of[- ]work|difficulty|leading[- ]zero bits)\\b`,
      ],
      ['minPowDifficulty', `(?:required|min(?:imum)?) (?:pow )?difficulty\\b`],
      [
        'minPowDifficulty',
        `(?:need )?\\d+ (?:leading[- ]zero )?bits(?: of (?:pow|work))?(?: are)? (?:needed|required)\\b`,
      ],
    ] satisfies readonly (readonly [LearntLimitName, string])[]
  ).map(([limit, pattern]) => [limit, new RegExp(pattern, 'y')]))();

/** A bound on a rate, or on something else than one connection: not what NIP-11 names. */
const OTHER_BOUND =
  /(?:\bper|\bin a|\bin one|\bwithin|\bevery|\beach|\/)\s*(?:\d+\s*)?(?:s\b|sec|min|hour|day|month|ip\b|address|user|pubkey|account)|\bfrom your\b|\btoday\b/;

/** What no number stands behind: a unit, a decimal point, more digits. */
const PLAIN = '(?!\\d|[.,]\\d|\\s?(?:[kmg](?:i?b)?\\b|kilo|mega|%))';
/** Between a word and its number; not a word by which the number is that of what was sent. */
const GAP = '(?:(?!\\b(?:by|got|was|were|have|has|had|received|given|sent|found|your|yours)\\b)[\\s:=a-z_]){0,40}?';

/** The numbers that a text names as the most it takes. */
const MOST = [
  new RegExp(
    `(?:\\bmax(?:imum)?|\\bat most|\\bup to|\\bno more than|\\blimit|\\bless(?: th[ae]n)? or equal to|\\b(?:longer|larger|bigger|more|greater) than|\\bexceed(?:s|ed)?|\\bbetween 1 and|[>≤])${GAP}(\\d{1,10})${PLAIN}`,
    'g',
  ),
];
/** And as the least. */
const LEAST = [
  /\b(\d{1,10})(?: leading[- ]zero)?(?: bits?)?(?: of (?:pow|work|difficulty))?(?: is| are)? (?:required|needed|expected)\b/g,
  new RegExp(
    `(?:\\brequire[sd]?|\\bneed(?:s|ed)?|\\bexpected|\\bmin(?:imum)?|\\bat least|\\b(?:less|lower) than|\\bbelow|<)${GAP}(\\d{1,10})${PLAIN}`,
    'g',
  ),
];

/** What makes sense. A relay cannot mean less, and with more there is no need to know. */
const RANGES: Readonly<Record<LearntLimitName, readonly [least: number, most: number]>> = {
  maxSubscriptions: [1, 100_000],
  maxFilters: [1, 100_000],
  // A signed event without content takes a third of it: a smaller number is one of kilobytes, or nonsense.
  maxMessageLength: [1_024, 2 ** 31 - 1],
  maxLimit: [1, 10_000_000],
  maxContentLength: [1, 2 ** 31 - 1],
  maxEventTags: [1, 1_000_000],
  minPowDifficulty: [1, 256],
  maxSubscriptionIdLength: [1, 1_000],
};

/**
 * Which limit the text of a CLOSED, NOTICE or OK with false tells of, for relays whose information document (NIP-11) names none. It knows the
 * sentences of strfry, nostream, nostr-rs-relay, khatru, rnostr, chorus and others, and says nothing of one that it does not know, or
 * that may mean something else: a rate, a limit for each address, a refusal for any other reason.
 */
export function learnLimit(text: string): LearntLimit | undefined {
  const words = text.slice(0, LONGEST_TEXT).toLowerCase().trimEnd();
  if (OTHER_BOUND.test(words)) return undefined;
  const start = endOfHeads(words);
  const found = SENTENCES.find(([, sentence]) => {
    sentence.lastIndex = start;
    return sentence.test(words);
  });
  if (found === undefined) return undefined;
  const [limit] = found;
  const value = numberIn(words.slice(start), limit);
  return value === undefined ? { limit } : { limit, value };
}

function endOfHeads(words: string): number {
  let end = words.search(/\S|$/);
  HEAD.lastIndex = end;
  while (HEAD.test(words)) end = HEAD.lastIndex;
  return end;
}

/** The one number that the text names for the limit. */
function numberIn(words: string, limit: LearntLimitName): number | undefined {
  const [least, most] = RANGES[limit];
  const isLeast = limit === 'minPowDifficulty';
  // "Less than 10" may mean 9 or, as often, 10.
  if (!isLeast && /\b(?:less|fewer|lower) th[ae]n \d|\b(?:below|under) \d/.test(words)) return undefined;
  const numbers = new Set(
    (isLeast ? LEAST : MOST).flatMap((pattern) => [...words.matchAll(pattern)].map(([, digits]) => Number(digits))),
  );
  const [number] = numbers;
  return numbers.size === 1 && number !== undefined && number >= least && number <= most ? number : undefined;
}
