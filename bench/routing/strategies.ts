import type { BalanceStrategy } from '../../src/policies/balance.ts';
import { shuffled } from '../../src/policies/draw.ts';
import { powerOfTwoChoices } from '../../src/policies/power-of-two-choices.ts';
import { weightedTop } from '../../src/policies/weighted-top.ts';

/** What the others are compared with: every relay is as good as any other. */
const atRandom: BalanceStrategy = { rank: (candidates, { random }) => shuffled(candidates, random) };

export const strategies: readonly { readonly name: string; readonly strategy: BalanceStrategy }[] = [
  { name: 'random', strategy: atRandom },
  { name: 'weightedTop', strategy: weightedTop() },
  { name: 'powerOfTwoChoices', strategy: powerOfTwoChoices() },
];

/** The one that the table has to show to be the best. */
export const DEFAULT = 'weightedTop';
