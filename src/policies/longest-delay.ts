/** Milliseconds. A longer delay would overflow the platform's timers, which count in 32 bits, and fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;
