import type { Measured } from '../client-process/measured.ts';
import type { Participant, Scenario } from '../scenarios/scenario.ts';
import { EVENTS } from './build.ts';
import type { RelayProcess } from './relay-process.ts';
import { runClient } from './run-client.ts';

/** Milliseconds that a client may take in a quick run, at the most. */
const QUICK_LIMIT = 4_000;

/** Milliseconds after which a run is a long one: of those there are two. */
const LONG = 5_000;

/** All rounds of one participant in one case of a scenario. */
export interface Series {
  readonly scenario: string;
  readonly of: string;
  readonly participant: Participant;
  readonly runs: readonly Measured[];
}

/** How a scenario is run. */
export interface Rounds {
  readonly rounds: number;
  readonly isQuick: boolean;
  readonly hasParticipant: (participant: Participant) => boolean;
}

/** Runs all participants in turn, round by round, so that what slows down the machine for a while hits all alike. */
export async function runInTurn(
  scenario: Scenario,
  relays: RelayProcess,
  { rounds, isQuick, hasParticipant }: Rounds,
): Promise<readonly Series[]> {
  const all: Series[] = [];
  const { cases, quickCases = cases } = scenario;
  for (const of of isQuick ? quickCases : cases) {
    const participants = scenario.participants(of).filter(hasParticipant);
    const runs = new Map(participants.map((participant) => [participant, [] as Measured[]]));
    for (let round = 0; round < rounds; round++) {
      for (const [participant, measured] of runs) {
        // What takes so long, or gives up, is not run ever again.
        if (measured.length >= 2 && measured.some(({ wall }) => !(wall < LONG))) continue;
        measured.push(await runOne(scenario, of, participant, relays, { isQuick }));
      }
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
  { isQuick = false, profile }: { readonly isQuick?: boolean; readonly profile?: string } = {},
): Promise<Measured> {
  const urls = await relays.open(scenario.relays(of));
  const limit = isQuick ? Math.min(scenario.limit, QUICK_LIMIT) : scenario.limit;
  const job = { scenario: scenario.name, of, client, verify, variant, relays: urls, events: EVENTS, limit, profile };
  try {
    return await runClient(job, relays);
  } finally {
    await relays.close();
  }
}
