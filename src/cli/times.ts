import { UsageError } from './exit-code.ts';

const SECONDS: readonly (readonly [unit: RegExp, seconds: number])[] = [
  [/^(s|sec|secs|seconds?)$/, 1],
  [/^(m|min|mins|minutes?)$/, 60],
  [/^(h|hrs?|hours?)$/, 3_600],
  [/^(d|days?)$/, 86_400],
  [/^(w|weeks?)$/, 604_800],
  [/^(months?|mo)$/, 2_592_000],
  [/^(y|years?)$/, 31_536_000],
];
const DAY = 86_400;
/** From here on it is no number of seconds: the year 5138. */
const TOO_MANY_SECONDS = 100_000_000_000;
const ISO =
  /^(?<day>\d{4}-\d{2}-\d{2})(?:[T ](?<time>\d{2}:\d{2})(?<second>:\d{2}(?:\.\d+)?)?)?(?<zone>Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * A point in time as people write it, in whole seconds since 1970: `1767225600`, `now`, `today`, `yesterday`, `1h ago`, `2 days ago`,
 * `1 day 6 hours ago`, `in 10 minutes`, `2026-01-31`, `2026-01-31T12:00`. Without a zone it is UTC; a month has 30 days, a year 365.
 *
 * @param now - Milliseconds since 1970.
 * @throws UsageError for anything else.
 */
export function parseTime(text: string, now: number): number {
  const words = text.trim().toLowerCase();
  const second = Math.floor(now / 1_000);
  if (/^\d+$/.test(words)) return secondsSince1970(Number(words), text);
  const today = second - (second % DAY);
  if (words === 'now') return second;
  if (words === 'today') return today;
  if (words === 'yesterday') return today - DAY;
  if (words === 'tomorrow') return today + DAY;
  const date = isoDate(text.trim());
  if (date !== undefined) return date;
  const ahead = /^in\s+(.+)$/.exec(words)?.[1];
  const span = spanOf(ahead ?? words.replace(/\s*\bago$/, ''));
  const time = span === undefined ? undefined : Math.floor(ahead === undefined ? second - span : second + span);
  if (time !== undefined && time >= 0) return time;
  throw new UsageError(
    `'${text}' is no time. Give seconds since 1970, a date such as 2026-01-31 or 2026-01-31T12:00Z, or words such as '1h ago', '2 days ago', 'yesterday', 'now'.`,
  );
}

function secondsSince1970(value: number, text: string): number {
  if (value < TOO_MANY_SECONDS) return value;
  throw new UsageError(`'${text}' is too large for seconds since 1970. Are those milliseconds?`);
}

function isoDate(text: string): number | undefined {
  const { day, time = '00:00', second = ':00', zone = 'Z' } = ISO.exec(text)?.groups ?? {};
  if (day === undefined) return undefined;
  // A day that there is not, such as the 31st of February, would count as one in March.
  const midnight = Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return undefined;
  const milliseconds = Date.parse(
    `${day}T${time}${second}${zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2').toUpperCase()}`,
  );
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1_000);
}

/**
 * How long something may take, in milliseconds: `10` and `10s` are ten seconds; `500ms`, `2m`, `1h30m`.
 *
 * @throws UsageError for anything else, for nothing at all, and for more than 24 days, which no timer takes.
 */
export function parseDuration(text: string, flag: string): number {
  const words = text.trim().toLowerCase();
  const milliseconds = /^(\d+(?:\.\d+)?)\s*ms$/.exec(words)?.[1];
  const seconds = /^\d+(\.\d+)?$/.test(words) ? Number(words) : spanOf(words);
  const result = milliseconds === undefined ? (seconds ?? 0) * 1_000 : Number(milliseconds);
  if (result > 0 && result < 2 ** 31) return result;
  throw new UsageError(`--${flag} takes a time such as 10s, 500ms, 2m or 1h30m, 24 days at most; not '${text}'.`);
}

/** Seconds of `1h`, `1h30m`, `2 days`, `an hour`; undefined where it is none. */
function spanOf(text: string): number | undefined {
  const parts = text.replace(/\ban?\b/g, '1').matchAll(/\s*(?:,|and\b)?\s*(\d+(?:\.\d+)?)\s*([a-z]+)/gy);
  let [seconds, length] = [0, 0];
  const whole = text.replace(/\ban?\b/g, '1');
  for (const [part, amount, unit = ''] of parts) {
    const factor = SECONDS.find(([pattern]) => pattern.test(unit))?.[1];
    if (factor === undefined) return undefined;
    seconds += Number(amount) * factor;
    length += part.length;
  }
  return length > 0 && length === whole.trimEnd().length ? seconds : undefined;
}

/** A span for people: `340 ms`, `2.4 s`, `3 min 20 s`, `1 h 5 min`. */
export function spanText(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
