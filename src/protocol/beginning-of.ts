/** At most so many UTF-16 units of a text, as a text of its own: a slice keeps the whole alive in some engines. */
export function beginningOf(text: string, length: number): string {
  return JSON.parse(JSON.stringify(text.slice(0, length))) as string;
}
