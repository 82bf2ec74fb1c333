import { BulkheadError } from '../operators/bulkhead.ts';
import { CircuitOpenError } from '../operators/circuit-breaker.ts';
import { TimeoutInFlightError } from '../operators/timeout-in-flight.ts';
import type { RelayErrorCode } from '../protocol/relay-error.ts';
import { OTHER } from './relay-attributes.ts';

/** Characters of a relay's text that are kept. */
const LONGEST_TEXT = 200;

/** The `error.type` of what a stage of the pipe errors with, in the words of {@link RelayErrorCode} where it is one of the pool's own. */
export function errorTypeOf(error: unknown): RelayErrorCode | typeof OTHER {
  if (error instanceof TimeoutInFlightError) return 'deadline';
  if (error instanceof BulkheadError) return 'evicted';
  if (error instanceof CircuitOpenError) return 'circuit-open';
  return OTHER;
}

/** The description of a status: relays send texts of any length. */
export function shortened(text: string): string {
  return text.slice(0, LONGEST_TEXT);
}
