import type { Measured } from '../client-process/measured.ts';
import type { Participant, Scenario } from '../scenarios/scenario.ts';
import { EVENTS } from './build.ts';
import type { RelayProcess } from './relay-process.ts';
import { runClient } from './run-client.ts';

/** All rounds of one participant in one case of a scenario. */
export interface Series {
  readonly scenario: string;
  readonly of: string;
  readonly participant: Participant;
  readonly runs: readonly Measured[];
}

/** Runs all participants in turn, round by round, so that what slows down the machine for a while hits all alike. */
export async function runInTurn(
  scenario: Scenario,
  relays: RelayProcess,
  rounds: number,
  isWanted: (participant: Participant) => boolean = () => true,
): Promise<readonly Series[]> {
  const all: Series[] = [];
  for (const of of scenario.cases) {
    const participants = scenario.participants(of).filter(isWanted);
    const runs = new Map(participants.map((participant) => [participant, [] as Measured[]]));
    for (let round = 0; round < rounds; round++) {
      for (const participant of participants) runs.get(participant)?.push(await runOne(scenario, of, participant, relays));
    }
    for (const [participant, measured] of runs) all.push({ scenario: scenario.name, of, participant, runs: measured });
  }
  return all;
}

export async function runOne(
  scenario: Scenario,
  of: string,
  { client, verify, variant }: Participant,
  relays: RelayProcess,
  profile?: string,
): Promise<Measured> {
  const urls = await relays.open(scenario.relays(of));
  const job = { scenario: scenario.name, of, client, verify, variant, relays: urls, events: EVENTS, limit: scenario.limit, profile };
  try {
    return await runClient(job, relays);
  } finally {
    await relays.close();
  }
}
