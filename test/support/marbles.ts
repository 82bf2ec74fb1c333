import { TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';

/** Runs a marble test on virtual time. */
export function marbles(test: Parameters<TestScheduler['run']>[0]): void {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(test);
}
