import { delay } from './delay.ts';
import { firstEvent } from './first-event.ts';
import { fiveRelays } from './five-relays.ts';
import { growthScenarios } from './growth.ts';
import { live } from './live.ts';
import { manyRelays } from './many-relays.ts';
import { memory } from './memory.ts';
import { oneRelay } from './one-relay.ts';
import { promises } from './promises.ts';
import { publish } from './publish.ts';
import type { Scenario } from './scenario.ts';
import { trouble } from './trouble.ts';
import { verified } from './verified.ts';

/** What is run in processes of clients, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  oneRelay,
  fiveRelays,
  verified,
  publish,
  live,
  memory,
  trouble,
  manyRelays,
  firstEvent,
  delay,
  promises,
];

export function scenarioOf(name: string): Scenario {
  const scenario = [...scenarios, ...growthScenarios].find((each) => each.name === name);
  if (!scenario) throw new RangeError(`There is no scenario '${name}'.`);
  return scenario;
}
