import { seededRandom } from '../../src/testing/index.ts';

/** A JSON value as it can be written rather than as it can be read: members of an object may repeat a key. */
export type Written = string | number | boolean | null | readonly Written[] | Members | Verbatim;
export interface Members {
  readonly members: readonly (readonly [key: string, value: Written])[];
}
/** Stands in the text as it is: a number that no JavaScript number writes, or what is no JSON at all. */
export interface Verbatim {
  readonly verbatim: string;
}

export interface Style {
  /** How likely a character is to be written as an escape. */
  readonly escapes: number;
  /** How likely white space stands where it may. */
  readonly spaces: number;
  readonly seed: number;
}

const SPACES = ' \t\n\r';
/** What a string of JSON must not hold as it is. */
// eslint-disable-next-line no-control-regex
const MUST_ESCAPE = /["\\\u0000-\u001f]/g;

/** Writes JSON in any of its spellings, the same for the same style. */
export function writeJson(value: Written, style: Style): string {
  const random = seededRandom(style.seed);
  const space = (): string =>
    style.spaces > 0 && random() < style.spaces ? (SPACES[Math.floor(random() * 4)] ?? '').repeat(2) : '';
  const plain = (unit: string): string => JSON.stringify(unit).slice(1, -1);
  const text = (string: string): string => {
    if (style.escapes === 0) return `"${string.replace(MUST_ESCAPE, plain)}"`;
    let out = '"';
    for (let at = 0; at < string.length; at++) {
      const unit = string[at] ?? '';
      const hex = string.charCodeAt(at).toString(16).padStart(4, '0');
      if (random() < style.escapes) out += `\\u${random() < 0.5 ? hex : hex.toUpperCase()}`;
      else if (unit === '/' && random() < 0.5) out += '\\/';
      else out += plain(unit);
    }
    return `${out}"`;
  };
  const list = (open: string, items: readonly string[], close: string): string =>
    open + space() + items.map((item) => item + space()).join(`,${space()}`) + close;
  const any = (item: Written): string => {
    if (typeof item === 'string') return text(item);
    if (item === null || typeof item !== 'object') return JSON.stringify(item);
    if ('verbatim' in item) return item.verbatim;
    if (!('members' in item)) return list('[', item.map(any), ']');
    return list(
      '{',
      item.members.map(([key, member]) => `${text(key)}${space()}:${space()}${any(member)}`),
      '}',
    );
  };
  return space() + any(value) + space();
}
