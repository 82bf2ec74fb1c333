/** How many events are prepared. */
export const PREPARED = 20_000;

/** The number of an event of the relays: their contents begin with it. */
export function numberOf(event: { readonly content: string }): number {
  return parseInt(event.content, 10);
}
