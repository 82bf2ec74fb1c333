import { verifyEvent } from 'nostr-tools/pure';
import {
  type Filter,
  matchesFilter,
  type NostrEvent,
  type PoolMetrics,
  type PublishReport,
  type RelayStatus,
  type RelayUrl,
  replaceableKey,
  supersedes,
} from '../../src/index.ts';
import type { Paint } from './paint.ts';

/** A `gap` packet: what a relay may not have sent. */
export interface Gap {
  readonly relay: RelayUrl;
  readonly since: number;
  readonly until: number;
}

/** How much was verified, and how long that took. */
export interface Verifying {
  readonly milliseconds: number;
  readonly signatures: number;
}

const PROBLEMS_SHOWN = 5;
const ONE_DECIMAL = { minimumFractionDigits: 1, maximumFractionDigits: 1 };

/** What a stream handed out, in its order, and what it was asked for. */
export interface Delivery {
  readonly filter: Filter;
  readonly events: readonly NostrEvent[];
}

/** What the run left behind: what is judged. */
export interface Facts {
  /** Every event that was made for the run. */
  readonly fixture: readonly NostrEvent[];
  /** What each honest relay holds now. */
  readonly held: ReadonlyMap<RelayUrl, readonly NostrEvent[]>;
  readonly liar: RelayUrl;
  /** `pool.subscribe`, catching up in full. */
  readonly subscribed: Delivery;
  /** The same through `latestReplaceable`. */
  readonly latest: readonly NostrEvent[];
  /** `pool.packets`, catching up as it does by default, and the gaps that it named. */
  readonly watched: Delivery;
  readonly gaps: readonly Gap[];
  /** `pool.request` when all was calm again, and whether it completed. */
  readonly requested: Delivery & { readonly completed: boolean };
  readonly published: readonly NostrEvent[];
  /** By event id, the last report. */
  readonly reports: ReadonlyMap<string, PublishReport>;
  readonly statuses: readonly RelayStatus[];
  /** Events that relays took in while they had no connection to the pool. */
  readonly addedWhileAway: number;
}

/** One claim about the run: it holds when there is no problem. */
export interface Check {
  readonly claim: string;
  readonly figures: string;
  readonly problems: readonly string[];
}

/** Judges a run. Nothing in here knows what the outcome should be but for the claims themselves. */
export function judge(facts: Facts): readonly Check[] {
  return [deliveredOnce, noLie, confirmed, requestComplete, gapsNamed, latestKnown, liarBlamed, wasATrial].map(
    (check) => check(facts),
  );
}

function deliveredOnce({ held, subscribed }: Facts): Check {
  const wanted = union(held);
  const lacking = missing(wanted, subscribed.events);
  return {
    claim: 'every event that an honest relay holds was delivered exactly once',
    figures: `${count(wanted.size - lacking.length)} of ${count(wanted.size)}`,
    problems: [...lacking, ...repeated(subscribed.events)],
  };
}

function noLie({ fixture, subscribed, watched, requested }: Facts): Check {
  const real = new Map(fixture.map((event) => [event.id, event]));
  const judged = new Set<NostrEvent>();
  const problems: string[] = [];
  for (const { filter, events } of [subscribed, watched, requested]) {
    for (const event of events) {
      judged.add(event);
      if (!matchesFilter(filter, event)) problems.push(`${brief(event)} was not asked for`);
      const original = real.get(event.id);
      if (original ? !isSame(original, event) : !isSigned(event)) problems.push(`${brief(event)} is a lie`);
    }
  }
  return {
    claim: 'no lie was delivered',
    figures: `${plural(judged.size, 'event')} compared with the originals`,
    problems,
  };
}

function confirmed({ held, published, reports }: Facts): Check {
  const problems: string[] = [];
  let confirmations = 0;
  for (const event of published) {
    const report = reports.get(event.id);
    if (!report) problems.push(`${brief(event)} has no report`);
    else if (report.pending > 0) problems.push(`${brief(event)} is still awaited from ${report.pending} relays`);
    for (const [relay, events] of held) {
      const { status } = report?.outcomes[relay] ?? { status: 'no outcome' };
      if (status === 'accepted') confirmations++;
      else problems.push(`${brief(event)} was not confirmed by ${relay}: ${status}`);
      if (!events.some(({ id }) => id === event.id)) problems.push(`${brief(event)} is not stored at ${relay}`);
    }
  }
  return {
    claim: 'every published event was confirmed by each honest relay and is stored there',
    figures: `${plural(published.length, 'event')}, ${confirmations} of ${published.length * held.size} confirmations`,
    problems: published.length > 0 ? problems : ['nothing was published'],
  };
}

function requestComplete({ held, requested }: Facts): Check {
  const wanted = union(held);
  const problems = [...missing(wanted, requested.events), ...repeated(requested.events)];
  if (!requested.completed) problems.push('it did not complete');
  return {
    claim: 'a request at the end returned all of it, each event once',
    figures: plural(requested.events.length, 'event'),
    problems,
  };
}

/** What a stream that catches up by a window did not deliver must lie in a gap of each relay that holds it. */
function gapsNamed({ held, watched, gaps }: Facts): Check {
  const delivered = new Set(watched.events.map(({ id }) => id));
  const problems: string[] = [...repeated(watched.events)];
  const excused = new Set<string>();
  for (const [relay, events] of held) {
    const named = gaps.filter((gap) => gap.relay === relay);
    for (const event of events) {
      if (delivered.has(event.id) || !matchesFilter(watched.filter, event)) continue;
      const isNamed = named.some(({ since, until }) => since <= event.created_at && event.created_at <= until);
      if (isNamed) excused.add(event.id);
      else problems.push(`${brief(event)} of ${relay} was not delivered, and no gap says so`);
    }
  }
  return {
    claim: 'gaps name all that catching up by a window may have missed',
    figures: `${plural(gaps.length, 'gap')}, ${plural(excused.size, 'event')} missed in them`,
    problems,
  };
}

function latestKnown({ held, latest }: Facts): Check {
  const current = new Map<string, NostrEvent>();
  for (const event of latest) {
    const key = replaceableKey(event);
    if (key !== undefined) current.set(key, event);
  }
  const newest = new Map<string, NostrEvent>();
  for (const event of union(held).values()) {
    const key = replaceableKey(event);
    const other = key === undefined ? undefined : newest.get(key);
    if (key !== undefined && (!other || supersedes(event, other))) newest.set(key, event);
  }
  const problems = [...newest]
    .filter(([key, event]) => current.get(key)?.id !== event.id)
    .map(([, event]) => `${brief(event)} is the newest version, and not the last that was delivered`);
  return {
    claim: 'of each profile, list and article the newest version came last',
    figures: `${count(newest.size)} of them`,
    problems,
  };
}

function liarBlamed({ statuses, liar }: Facts): Check {
  const lies = lieCount(statuses.filter(({ url }) => url === liar));
  const problems = statuses
    .filter((status) => status.url !== liar && lieCount([status]) > 0)
    .map(({ url, counters }) => `${url} is honest, and blamed for ${counters.invalid + counters.unmatched} lies`);
  if (lies === 0) problems.push('no lie was noticed');
  return { claim: 'the liar alone is blamed', figures: `${plural(lies, 'lie')} rejected`, problems };
}

/** A run in which nothing went wrong would prove nothing. */
function wasATrial({ statuses, addedWhileAway }: Facts): Check {
  const reconnects = reconnectCount(statuses);
  const problems: string[] = [];
  if (reconnects < 3) problems.push('the connections were hardly ever lost');
  if (addedWhileAway === 0) problems.push('no relay took anything in while it was away');
  return {
    claim: 'the relays were as bad as announced',
    figures: `${plural(reconnects, 'reconnect')}, ${plural(addedWhileAway, 'event')} taken in while away`,
    problems,
  };
}

/** The checks as lines, with the first few problems of those that failed. */
export function summarise(checks: readonly Check[], paint: Paint): readonly string[] {
  const lines = checks.flatMap(({ claim, figures, problems }) => {
    const isTrue = problems.length === 0;
    const mark = isTrue ? paint('green', '✓') : paint('red', '✗');
    const shown = problems.slice(0, PROBLEMS_SHOWN).map((problem) => `      ${problem}`);
    if (problems.length > PROBLEMS_SHOWN) shown.push(`      and ${count(problems.length - PROBLEMS_SHOWN)} more`);
    return [`  ${mark} ${claim}: ${figures}`, ...shown];
  });
  return ['', paint('bold', 'Summary'), ...lines];
}

/** The numbers of a run in one line. */
export function figures(
  { events, statuses, gaps }: Pick<Facts, 'statuses' | 'gaps'> & { readonly events: readonly NostrEvent[] },
  verifying: Verifying,
): string {
  const duplicates = sum(statuses, ({ counters }) => counters.duplicates);
  const { milliseconds, signatures } = verifying;
  return [
    `  ${plural(events.length, 'event')}`,
    `${plural(duplicates, 'duplicate')} dropped`,
    `${plural(lieCount(statuses), 'lie')} rejected`,
    plural(reconnectCount(statuses), 'reconnect'),
    plural(gaps.length, 'gap'),
    `${(milliseconds / 1_000).toFixed(1)} s to verify ${plural(signatures, 'signature')}`,
  ].join(', ');
}

/** What the pool has measured of all its relays, and of this process, in one line. */
export function measures({ all, process: { heapBytes, cpu } }: PoolMetrics): string {
  const { latency, throughput, connectionErrorRate, messageErrorRate } = all;
  const percent = (share: number, digits: number): string => `${(share * 100).toFixed(digits)} %`;
  const { eose } = latency;
  const eoses = eose && [eose.p50, eose.p95, eose.p99].map((milliseconds) => count(Math.round(milliseconds))).join('/');
  const parts = [
    `${throughput.messagesPerSecond.toLocaleString('en', ONE_DECIMAL)} messages/s`,
    eoses === undefined ? 'no EOSE' : `EOSE p50/p95/p99 ${eoses} ms`,
    `errors ${percent(connectionErrorRate, 1)} of connections, ${percent(messageErrorRate, 1)} of messages`,
    heapBytes !== undefined && `heap ${count(Math.round(heapBytes / 2 ** 20))} MiB`,
    cpu !== undefined && `CPU ${percent(cpu, 0)}`,
  ];
  return `  at the end: ${parts.filter((part) => part !== false).join(', ')}`;
}

/** What relays sent that was no event, or nobody's. */
export function lieCount(statuses: readonly RelayStatus[]): number {
  return sum(statuses, ({ counters }) => counters.invalid + counters.unmatched);
}

export function reconnectCount(statuses: readonly RelayStatus[]): number {
  return sum(statuses, ({ counters }) => Math.max(0, counters.connects - 1));
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

/** The events of all relays, by id. */
export function union(held: Facts['held']): ReadonlyMap<string, NostrEvent> {
  return new Map([...held.values()].flat().map((event) => [event.id, event]));
}

export function count(number: number): string {
  return number.toLocaleString('en');
}

/** A number and what it counts. */
export function plural(number: number, one: string): string {
  return `${count(number)} ${one}${number === 1 ? '' : 's'}`;
}

function missing(wanted: ReadonlyMap<string, NostrEvent>, delivered: readonly NostrEvent[]): readonly string[] {
  const ids = new Set(delivered.map(({ id }) => id));
  return [...wanted.values()].filter(({ id }) => !ids.has(id)).map((event) => `${brief(event)} was not delivered`);
}

export function repeated(delivered: readonly NostrEvent[]): readonly string[] {
  const seen = new Set<string>();
  const problems: string[] = [];
  for (const event of delivered) {
    if (seen.has(event.id)) problems.push(`${brief(event)} was delivered again`);
    seen.add(event.id);
  }
  return problems;
}

function isSame(a: NostrEvent, b: NostrEvent): boolean {
  const flat = ({ id, pubkey, created_at, kind, tags, content, sig }: NostrEvent): string =>
    JSON.stringify([id, pubkey, created_at, kind, tags, content, sig]);
  return flat(a) === flat(b);
}

function isSigned({ id, pubkey, created_at, kind, tags, content, sig }: NostrEvent): boolean {
  return verifyEvent({ id, pubkey, created_at, kind, tags, content, sig });
}

function brief({ id, kind }: NostrEvent): string {
  return `event ${id.slice(0, 8)}… (kind ${kind})`;
}
