/** The middle value, or the mean of the middle two; what is undefined or NaN is left out. Undefined where nothing remains. */
export function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).filter((value) => !Number.isNaN(value));
  known.sort((a, b) => a - b);
  const low = known[Math.floor((known.length - 1) / 2)];
  const high = known[Math.floor(known.length / 2)];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
