/** The difficulty of an event id (NIP-13): how many zero bits it begins with, 0 to 256. Takes 64 lower-case hex digits. */
export function difficultyOf(id: string): number {
  const zeros = /^0*/.exec(id)?.[0].length ?? 0;
  if (zeros === id.length) return 4 * zeros;
  // A digit has four of the 32 bits that are counted.
  return 4 * zeros + Math.clz32(Number.parseInt(id.charAt(zeros), 16)) - 28;
}
