/** The platform's draw from 0 (inclusive) to 1 (exclusive): what every `random` option defaults to, named here alone. */
export const platformRandom = (): number => Math.random();
