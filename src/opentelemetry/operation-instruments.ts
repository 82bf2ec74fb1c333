import type { Counter, Histogram, Meter } from '@opentelemetry/api';

/** In seconds: from a relay next door to one that is given up after a minute. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What is recorded of each exchange. */
export interface OperationInstruments {
  readonly duration: Histogram;
  readonly timeToFirstEvent: Histogram;
  readonly timeInQueue: Histogram;
  readonly unsent: Counter;
}

export function operationInstruments(meter: Meter): OperationInstruments {
  const seconds = (name: string, description: string): Histogram =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES } });
  return {
    duration: seconds(
      'nostr.client.operation.duration',
      'From sending a REQ to its EOSE, an EVENT to its OK, a COUNT to its answer, or until it failed.',
    ),
    timeToFirstEvent: seconds(
      'nostr.client.operation.time_to_first_event',
      'From sending a REQ to the first event of its answer.',
    ),
    timeInQueue: seconds('nostr.client.operation.time_in_queue', 'How long what was sent had waited for its turn.'),
    unsent: meter.createCounter('nostr.client.operation.unsent', {
      description: 'Operations that a circuit breaker or a queue did not let through.',
      unit: '{operation}',
    }),
  };
}
