import { type NostrEvent, relayUrl, type RelayUrl } from '../../src/index.ts';
import { type RelayFaults, seededRandom, TestRelay } from '../../src/testing/index.ts';

export type Role = 'lying' | 'steady' | 'flapping' | 'slow' | 'mortal';

/** One of the five relays. */
export interface Player {
  readonly role: Role;
  readonly relay: TestRelay;
  /** As the pool spells it. */
  readonly url: RelayUrl;
  /** Whether what it sends is true. */
  readonly honest: boolean;
}

export interface Cast {
  readonly players: readonly Player[];
  readonly byRole: Readonly<Record<Role, Player>>;
  readonly honest: readonly Player[];
  /** Held back at the start: events that reach the relays while the run goes on. */
  readonly later: readonly NostrEvent[];
  /** Held back at the start: events that the pool publishes. */
  readonly toPublish: readonly NostrEvent[];
  /** Puts an event into between one and three honest relays; says which. */
  spread(this: void, event: NostrEvent): readonly Player[];
  nameOf(this: void, relay: RelayUrl): string;
  stop(): Promise<void>;
}

const LATER = 200;
const TO_PUBLISH = 20;
const TRUE_EVENTS_OF_THE_LIAR = 40;

/** Milliseconds from `least` to `most`, before each answer. */
const between =
  (least: number, most: number) =>
  (random: () => number): number =>
    least + random() * (most - least);

/** Where each says that it is. */
const COUNTRIES: Readonly<Record<Role, string>> = {
  lying: 'US',
  steady: 'DE',
  flapping: 'FR',
  slow: 'JP',
  mortal: 'BR',
};

/** What each relay does from its start on; what it does later is in story.ts. */
const TEMPERS: Readonly<Record<Role, Partial<RelayFaults>>> = {
  // The first and the fastest, so that its forgeries come before the events that they are made of.
  lying: { delay: 0, lie: 'forged-signature', lieInFront: true },
  steady: { delay: between(30, 60) },
  flapping: { delay: between(60, 120), order: 'shuffled' },
  slow: { delay: between(400, 900) },
  mortal: { delay: between(50, 90), order: 'oldest' },
};

/** Starts the five relays on loopback and deals the events out, so that no relay has them all but all together do. */
export async function startCast(fixture: readonly NostrEvent[]): Promise<Cast> {
  const random = seededRandom(5);
  const start = async (role: Role): Promise<Player> => {
    const relay = await TestRelay.start({
      faults: TEMPERS[role],
      information: { relay_countries: [COUNTRIES[role]] },
    });
    return { role, relay, url: relayUrl(relay.url), honest: role !== 'lying' };
  };
  const byRole = {
    lying: await start('lying'),
    steady: await start('steady'),
    flapping: await start('flapping'),
    slow: await start('slow'),
    mortal: await start('mortal'),
  };
  const players = Object.values(byRole);
  const honest = players.filter((player) => player.honest);

  const shuffled = shuffle(fixture, random);
  // Notes are published: a relay may refuse a version of something replaceable, as it may have a newer one.
  const toPublish = shuffled.filter(({ kind }) => kind === 1).slice(0, TO_PUBLISH);
  const rest = shuffled.filter((event) => !toPublish.includes(event));
  const later = rest.slice(0, LATER);
  const seeded = rest.slice(LATER);

  const holders = (): readonly Player[] => shuffle(honest, random).slice(0, 1 + Math.floor(random() * 3));
  for (const event of seeded) for (const { relay } of holders()) relay.seed(event);
  byRole.lying.relay.seed(seeded.slice(0, TRUE_EVENTS_OF_THE_LIAR));

  return {
    players,
    byRole,
    honest,
    later,
    toPublish,
    spread: (event) => {
      const chosen = holders();
      for (const { relay } of chosen) relay.add(event);
      return chosen;
    },
    nameOf: (relay) => players.find(({ url }) => url === relay)?.role ?? relay,
    stop: async () => {
      await Promise.all(players.map(({ relay }) => relay.stop()));
    },
  };
}

function shuffle<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
