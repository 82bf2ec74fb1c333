export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

export type Paint = (colour: Colour, text: string) => string;

/** Select Graphic Rendition (ECMA-48). */
const CODES: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
};

export const inColour: Paint = (colour, text) => {
  const [on, off] = CODES[colour];
  return text === '' ? '' : `\u001B[${on}m${text}\u001B[${off}m`;
};

export const inNoColour: Paint = (_, text) => text;

/** Whether to use colours: on a terminal, unless NO_COLOR (no-color.org), `TERM=dumb` or a flag says no. */
export function paintFor(
  { isTTY }: { readonly isTTY?: boolean | undefined },
  env: Readonly<Record<string, string | undefined>>,
  isForbidden: boolean,
): Paint {
  return isTTY === true && !isForbidden && !env['NO_COLOR'] && env['TERM'] !== 'dumb' ? inColour : inNoColour;
}
