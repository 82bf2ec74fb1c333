export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow';
const CODES: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

/** Puts text in a colour, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

export const inColour: Paint = (colour, text) => `\u001B[${CODES[colour]}m${text}\u001B[0m`;
export const inNoColour: Paint = (_, text) => text;
