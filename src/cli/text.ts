import { stripVTControlCharacters } from 'node:util';

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
/** Marks that stand on another character, variation selectors among them, and what joins or directs. */
const NO_WIDTH = /\p{Mark}|[\u200b-\u200f]/u;

/** How many columns of a terminal a text takes, colours not counted. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += columnsOf(character);
  return width;
}

/** The text without colours, cut to so many columns; where something is cut off, it ends in `…`. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let [result, used] = ['', 0];
  for (const character of stripVTControlCharacters(text)) {
    const columns = columnsOf(character);
    if (used + columns > width - 1) break;
    result += character;
    used += columns;
  }
  return width > 0 ? `${result}…` : '';
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** What a relay wrote, safe to show: on one line, and without what a terminal takes as a command or as a change of direction. */
export function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex -- those are what is to go
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim();
}

/** JSON on one line, safe to show: JSON escapes control characters up to U+001F by itself. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, plainErrors).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Errors as what they say; by itself JSON leaves out the message. */
function plainErrors(_: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { ...('code' in value ? { code: value.code } : {}), message: value.message };
}

export function numberText(value: number): string {
  return value.toLocaleString('en-US');
}

function columnsOf(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
