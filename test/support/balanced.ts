import type { Balanced } from '../../src/policies/balance.ts';

/** A candidate as any other, but for what is given. */
export const aCandidate = (key: string, given: Partial<Balanced> = {}): Balanced => ({
  key,
  isReady: true,
  inFlight: 0,
  capacity: 16,
  cost: 100,
  reliability: 1,
  weight: 1,
  features: 1,
  ...given,
});

export const keysOf = (candidates: readonly Balanced[]): readonly string[] => candidates.map(({ key }) => key);
