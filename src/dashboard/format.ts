/** Numbers and times as texts of few characters; all of it is for people. */

const UNKNOWN = '–';

/** `0`, `7.3`, `120`, `1.2k`, `3.4M`: at most four characters or five. */
export function short(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return UNKNOWN;
  if (value < 9.95) return value === Math.trunc(value) ? `${value}` : value.toFixed(1);
  if (value < 999.5) return value.toFixed(0);
  for (const [limit, unit] of [
    [1e6, 'k'],
    [1e9, 'M'],
    [1e12, 'G'],
  ] as const) {
    const scaled = value / (limit / 1_000);
    if (scaled < 9.95) return `${scaled.toFixed(1)}${unit}`;
    if (scaled < 999.5) return `${scaled.toFixed(0)}${unit}`;
  }
  return '>1T';
}

/** Milliseconds with their unit: `0.4 ms`, `85 ms`, `1.3 s`, `2 min`. */
export function milliseconds(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return UNKNOWN;
  if (value < 0.05) return '0 ms';
  if (value < 999.5) return `${value < 9.95 && value !== Math.trunc(value) ? value.toFixed(1) : value.toFixed(0)} ms`;
  if (value < 99_500) return `${(value / 1_000).toFixed(value < 9_950 ? 1 : 0)} s`;
  return `${(value / 60_000).toFixed(0)} min`;
}

/** A share as a percentage: `0 %`, `0.4 %`, `12 %`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** Bytes: `48 MiB`. */
export function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? UNKNOWN : `${short(bytes / 2 ** 20)} MiB`;
}

/** The time of day: `14:03:07`. */
export function timeOfDay(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => `${part}`.padStart(2, '0')).join(':');
}

/** A relay's URL without what all of them have. */
export function relayName(url: string): string {
  return url.replace(/^wss:\/\//, '').replace(/\/$/, '');
}

/** Cut to so many characters. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
