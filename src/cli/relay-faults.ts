import type { Lie, RelayFaults, RelayLimits, TestRelayOptions, TieBreak } from '../testing/index.ts';
import { type Filter, matchesFilter } from '../index.ts';
import type { Arguments, Flags } from './arguments.ts';
import { UsageError } from './exit-code.ts';
import { checkFilters, filtersOfJson } from './filter-flags.ts';
import { didYouMean } from './suggest.ts';
import { parseDuration } from './times.ts';

const LIES: readonly Lie[] = ['forged-signature', 'forged-content', 'wrong-id', 'unmatched', 'future-dated'];
const TIES: readonly TieBreak[] = ['lowest-id', 'highest-id', 'first-stored', 'last-stored'];
const ORDERS = ['newest', 'oldest', 'shuffled'] as const;
const VERBS = ['REQ', 'COUNT', 'AUTH', 'NEG-OPEN', 'EVENT'] as const;
const LIMITS: readonly (keyof RelayLimits)[] = [
  'max_message_length',
  'max_subscriptions',
  'max_filters',
  'max_limit',
  'default_limit',
  'max_subid_length',
  'max_event_tags',
  'max_content_length',
  'min_pow_difficulty',
  'created_at_lower_limit',
  'created_at_upper_limit',
  'max_sync_events',
];

/** Faults that are on or off, by their flags. */
const SWITCHES = {
  refuse: ['refuse', 'refuses the handshake with status 503'],
  hang: ['hang', 'never answers the handshake'],
  'half-open': ['halfOpen', 'takes connections and says nothing, not even pong'],
  'no-eose': ['noEose', 'never says EOSE'],
  'duplicate-eose': ['duplicateEose', 'says EOSE twice'],
  'no-ok': ['noOk', 'never says OK'],
  'ok-garbage-id': ['okGarbageId', 'says OK with an id that is no event’s'],
  'rejects-duplicates': ['rejectsDuplicates', 'says OK false to an event that it has'],
  forgets: ['forgets', 'says OK true, and keeps nothing'],
  'hides-more': ['hidesMore', 'says that there is no more (NIP-67) though there is'],
  'lie-in-front': ['lieInFront', 'sends the true event too, behind the lie'],
  malformed: ['malformed', 'sends a frame that is no message before each answer'],
  'ignores-limit-zero': ['ignoresLimitZero', 'takes limit 0 as no limit'],
  'information-hang': ['informationHang', 'never answers who asks for its document (NIP-11)'],
} as const satisfies Readonly<Record<string, readonly [fault: keyof RelayFaults, help: string]>>;

const switchFlags: Flags = Object.fromEntries(
  Object.entries(SWITCHES).map(([name, [, help]]) => [name, { type: 'boolean', help: `fault: ${help}` }]),
);

/** Everything that can be wrong with the test relay, and how it is set up, as flags. */
export const relayFlags: Flags = {
  port: { type: 'string', value: '<port>', help: 'where it listens on 127.0.0.1; any free port where nothing says it' },
  events: { type: 'string', value: '<path>', help: 'a file of events that it has, a line of JSON each' },
  fill: { type: 'string', value: '<n>', help: 'make up n signed notes that it has, a minute apart' },
  limit: {
    type: 'string',
    multiple: true,
    value: '<name=n>',
    help: `a limit that it enforces and names (NIP-11), such as max_limit=100`,
  },
  'auth-for': {
    type: 'string',
    value: '<what>',
    help: 'who reads, writes or both has to authenticate (NIP-42): read, write, all',
  },
  'no-count': { type: 'boolean', help: 'does not know COUNT (NIP-45)' },
  'no-negentropy': { type: 'boolean', help: 'does not reconcile (NIP-77)' },
  'no-hints': { type: 'boolean', help: 'EOSE does not tell whether there is more (NIP-67)' },
  'no-verify': { type: 'boolean', help: 'takes events unchecked' },
  'excess-subscriptions': {
    type: 'string',
    value: '<how>',
    help: 'answer to a REQ too many: closed, notice, eose, silence',
  },
  'clock-skew': { type: 'string', value: '<ms>', help: 'milliseconds by which its clock is ahead; negative: behind' },
  'random-seed': { type: 'string', value: '<n>', help: 'what chance is drawn from; 1 where nothing says it' },
  ...switchFlags,
  delay: {
    type: 'string',
    value: '<time>',
    help: 'fault: waits before each answer: 200ms, or 50-300ms for any time between',
  },
  'notice-only': {
    type: 'string',
    value: '<verbs>',
    help: 'fault: answers by NOTICE alone: all, or REQ,COUNT,AUTH,NEG-OPEN,EVENT',
  },
  'closed-with': { type: 'string', value: '<reason>', help: 'fault: refuses REQ, COUNT and NEG-OPEN' },
  'rejected-with': { type: 'string', value: '<reason>', help: 'fault: refuses EVENT' },
  'auth-rejected-with': { type: 'string', value: '<reason>', help: 'fault: refuses AUTH' },
  'late-auth': { type: 'string', value: '<time>', help: 'fault: the challenge comes so long after the refusal' },
  withholds: { type: 'string', value: '<filter>', help: 'fault: does not send events that match this JSON filter' },
  lie: { type: 'string', value: '<lie>', help: `fault: sends ${LIES.join(', ')}` },
  order: { type: 'string', value: '<order>', help: `fault: sends events ${ORDERS.join(', ')} first` },
  'tie-break': {
    type: 'string',
    value: '<rule>',
    help: `fault: events of one second in another order: ${TIES.join(', ')}`,
  },
  cap: { type: 'string', value: '<n>', help: 'fault: gives n events for a filter, and does not say so' },
  'drop-after': { type: 'string', value: '<n>', help: 'fault: cuts the connection once, after n events of an answer' },
  'information-delay': { type: 'string', value: '<time>', help: 'fault: its document (NIP-11) takes so long' },
  'information-html': { type: 'string', value: '<text>', help: 'fault: serves this as HTML in place of its document' },
};

/**
 * The options of the relay that the flags say.
 *
 * @param now - Milliseconds since 1970.
 * @throws UsageError for a value that is none.
 */
export function relayOptionsOf(args: Arguments, now: number): TestRelayOptions {
  const limits = Object.fromEntries(args.texts('limit').map(limitOf)) as RelayLimits;
  const auth = args.word('auth-for', ['read', 'write', 'all'] as const);
  return {
    limits,
    faults: faultsOf(args, now),
    port: args.number('port', 0, 65_535) ?? 0,
    ...(auth === undefined ? {} : { auth: { read: auth !== 'write', write: auth !== 'read' } }),
    count: !args.has('no-count'),
    negentropy: !args.has('no-negentropy'),
    hints: !args.has('no-hints'),
    verify: !args.has('no-verify'),
    excessSubscriptions:
      args.word('excess-subscriptions', ['closed', 'notice', 'eose', 'silence'] as const) ?? 'closed',
    clockSkew: args.number('clock-skew', Number.MIN_SAFE_INTEGER) ?? 0,
    seed: args.number('random-seed') ?? 1,
  };
}

function faultsOf(args: Arguments, now: number): Partial<RelayFaults> {
  const faults: Partial<RelayFaults> = {};
  for (const [name, [fault]] of Object.entries(SWITCHES)) if (args.has(name)) faults[fault] = true;
  const delay = args.text('delay');
  const noticeOnly = args.text('notice-only');
  const withholds = args.text('withholds');
  const set = <Name extends keyof RelayFaults>(name: Name, value: RelayFaults[Name] | undefined): void => {
    if (value !== undefined) faults[name] = value;
  };
  set('delay', delay === undefined ? undefined : delayOf(delay));
  set('noticeOnly', noticeOnly === undefined ? undefined : noticeOnly === 'all' || noticeOnly.split(',').map(verbOf));
  set('closedWith', args.text('closed-with'));
  set('rejectedWith', args.text('rejected-with'));
  set('authRejectedWith', args.text('auth-rejected-with'));
  set('lateAuth', timeOf(args, 'late-auth'));
  set(
    'withholds',
    withholds === undefined ? undefined : matching(checkFilters(filtersOfJson(withholds, now, '--withholds'))),
  );
  set('lie', args.word('lie', LIES));
  set('order', args.word('order', ORDERS));
  set('tieBreak', args.word('tie-break', TIES));
  set('cap', args.number('cap'));
  set('dropAfter', args.number('drop-after'));
  set('informationDelay', timeOf(args, 'information-delay'));
  set('informationHtml', args.text('information-html'));
  return faults;
}

function limitOf(text: string): readonly [name: string, value: number] {
  const [name = '', value = ''] = text.split('=');
  if (!LIMITS.some((limit) => limit === name)) {
    throw new UsageError(`--limit takes a name of ${LIMITS.join(', ')}; not '${name}'.${didYouMean(name, LIMITS)}`);
  }
  if (!/^\d{1,15}$/.test(value)) throw new UsageError(`--limit takes name=number, such as ${name}=100; not '${text}'.`);
  return [name, Number(value)];
}

function delayOf(text: string): RelayFaults['delay'] {
  const { least, most } = /^(?<least>\d+)\s*-\s*(?<most>\d+)\s*ms$/.exec(text)?.groups ?? {};
  if (least === undefined || most === undefined) return parseDuration(text, 'delay');
  if (Number(most) < Number(least)) throw new UsageError(`--delay ${text}: the second time is shorter than the first.`);
  return (random) => Number(least) + random() * (Number(most) - Number(least));
}

function verbOf(text: string): (typeof VERBS)[number] {
  const verb = VERBS.find((candidate) => candidate === text.trim().toUpperCase());
  if (verb !== undefined) return verb;
  throw new UsageError(`--notice-only takes all, or some of ${VERBS.join(', ')}; not '${text}'.`);
}

function timeOf(args: Arguments, name: string): number | undefined {
  const text = args.text(name);
  return text === undefined ? undefined : parseDuration(text, name);
}

function matching(filters: readonly Filter[]): NonNullable<RelayFaults['withholds']> {
  return (event) => filters.some((filter) => matchesFilter(filter, event));
}
