import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { PoolError } from './pool-error.ts';

/** @throws PoolError with `invalid-option` when one of the options, by name, is no time that a timer can count. */
export function checkMilliseconds(options: Readonly<Record<string, number>>): void {
  for (const [name, ms] of Object.entries(options)) {
    if (ms > 0 && ms <= LONGEST_DELAY) continue;
    throw new PoolError('invalid-option', `'${name}' is from 1 to ${LONGEST_DELAY} milliseconds, not ${ms}.`);
  }
}
