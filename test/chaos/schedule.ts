import type { ResumeOptions } from '../../src/policies/resume-cursor.ts';
import { seededRandom } from '../../src/testing/index.ts';
import { FAULTS } from './faults.ts';

/** How one relay of a schedule is. */
export interface RelaySetting {
  readonly latency: 'none' | 'uniform' | 'log-normal' | 'pareto';
  /** How many stored events an answer has at most. */
  readonly cap: number | undefined;
  /** Whether its EOSE tells if there is more (NIP-67). */
  readonly hints: boolean;
  readonly maxSubscriptions: number | undefined;
  readonly order: 'newest' | 'oldest' | 'shuffled';
  readonly asksForAuth: boolean;
  /** How many seconds after now a published event may be dated. */
  readonly createdAtUpperLimit: number | undefined;
  /** Seconds by which its clock is ahead. */
  readonly clockSkew: number;
  /** How many events it holds at the start. */
  readonly stored: number;
  /** Every so many-th of them is forged; undefined: none. */
  readonly forged: number | undefined;
  /** Whether its connections are cut now and then. */
  readonly isFlaky: boolean;
}

/** What a subscriber wants; each has a mark of its own in a list, so that a REQ tells for whom it is. */
export interface Wish {
  readonly mark: number;
  readonly shape: 'notes' | 'profiles' | 'tagged' | 'two';
  readonly limit: number | undefined;
}

/** How a subscriber catches up after an outage. */
type Resume = NonNullable<ResumeOptions['mode']>;

/** An event in a schedule. */
export interface Draft {
  /** Seconds before now that it is dated; negative: after. */
  readonly age: number;
  readonly kind: number;
  readonly author: number;
  readonly isTagged: boolean;
}

/**
 * Something that is done at a time of the schedule, in milliseconds, or out of the handler of a subscriber when it hears something after that;
 * relays, subscribers and publishes are numbers.
 */
export type Step = { readonly at: number; readonly inHandlerOf?: number | undefined } & (
  | { readonly do: 'store'; readonly relays: readonly number[]; readonly draft: Draft; readonly count: number }
  | {
      readonly do: 'subscribe';
      readonly subscriber: number;
      readonly wish: Wish;
      readonly alone: boolean;
      readonly resume: Resume;
      /** After so many packets another subscriber asks the same, out of the handler. */
      readonly joinedAfter: number | undefined;
    }
  | { readonly do: 'pause'; readonly subscriber: number; readonly for: number }
  | { readonly do: 'wish'; readonly subscriber: number; readonly wish: Wish }
  | { readonly do: 'unsubscribe'; readonly subscriber: number }
  | { readonly do: 'request'; readonly wish: Wish; readonly deadline: number }
  | {
      readonly do: 'publish';
      readonly draft: Draft;
      readonly deadline: number;
      readonly takenBackAfter: number | undefined;
    }
  | { readonly do: 'publish again'; readonly deadline: number }
  | { readonly do: 'fault'; readonly fault: string; readonly relay: number; readonly for: number }
  | { readonly do: 'offline'; readonly for: number; readonly isAnnounced: boolean }
  | { readonly do: 'remove'; readonly relay: number }
  | { readonly do: 'add'; readonly relay: number }
  | { readonly do: 'revive' }
);

/** Everything that happens in one run; the seed is for what the network and the pool draw. */
export interface Schedule {
  readonly seed: number;
  readonly relays: readonly RelaySetting[];
  /** Events of a REQ that may wait. */
  readonly maxBacklog: number;
  /** Milliseconds that verifying takes. */
  readonly verifying: number;
  /** Whether the pool is closed in the middle of everything, or when nobody uses it any more. */
  readonly endsBusy: boolean;
  readonly steps: readonly Step[];
}

/** Milliseconds of trouble. */
export const LENGTH = 60_000;
const STEPS = 30;
/** Three connections with one place for pages each take all subscribers that there may be, and a request or two. */
const FEWEST_SUBSCRIPTIONS = 4;
const MOST_SUBSCRIBERS = 7;

/** The schedule of a seed. */
export function scheduleOf(seed: number): Schedule {
  const random = seededRandom(seed * 7_919);
  const draw = (least: number, greatest: number): number => least + Math.floor(random() * (greatest - least + 1));
  const maybe = <T>(share: number, value: () => T): T | undefined => (random() < share ? value() : undefined);
  const pick = <T>(values: readonly [T, ...T[]]): T => values[Math.floor(random() * values.length)] ?? values[0];

  // In every third world so little may wait that REQs are closed and asked again all the time.
  const isTight = seed % 3 === 0;
  const relays = Array.from({ length: draw(2, 4) }, (): RelaySetting => ({
    latency: pick(['none', 'uniform', 'uniform', 'log-normal', 'pareto']),
    cap: maybe(0.5, () => draw(10, 25)),
    hints: random() < 0.6,
    maxSubscriptions: maybe(0.4, () => draw(FEWEST_SUBSCRIPTIONS, 8)),
    order: pick(['newest', 'newest', 'oldest', 'shuffled']),
    asksForAuth: random() < 0.08,
    createdAtUpperLimit: maybe(0.3, () => 900),
    clockSkew: random() < 0.7 ? 0 : pick([-7_200, -300, 300, 7_200]),
    stored: random() < 0.5 ? draw(0, 8) : draw(10, 60),
    // What is asked again all the time brings more forgeries than are borne.
    forged: isTight ? undefined : maybe(0.25, () => draw(7, 30)),
    isFlaky: random() < 0.15,
  }));
  const wish = (mark: number): Wish => ({
    mark,
    shape: pick(['notes', 'notes', 'notes', 'profiles', 'tagged', 'two']),
    limit: maybe(0.35, () => pick([0, 1, 3, 10, 20])),
  });
  const draft = (): Draft => ({
    age: random() < 0.6 ? draw(0, 30) : pick([120, 3_600, 86_400, 700_000, -3_600, -86_400]),
    kind: pick([1, 1, 1, 1, 7, 0, 3, 20_001]),
    author: draw(0, 3),
    isTagged: random() < 0.4,
  });
  const some = (): readonly number[] =>
    random() < 0.3 ? relays.map((_, index) => index) : [draw(0, relays.length - 1)];

  let subscribers = 0;
  const subscribe = (at: number): Step => {
    const mark = subscribers;
    const resume = pick<Resume>(['window', 'window', 'full', 'negentropy']);
    const joinedAfter = maybe(0.2, () => draw(1, 20));
    const step = { at, do: 'subscribe', subscriber: subscribers++, wish: wish(mark), alone: random() < 0.5 } as const;
    return { ...step, resume, joinedAfter };
  };
  const steps: Step[] = Array.from({ length: draw(1, 3) }, () => subscribe(draw(0, 50)));
  // While the first answers come in.
  if (random() < 0.5) {
    const late = { ...draft(), age: pick([3_600, 86_400]), kind: 1 };
    steps.push({
      at: draw(20, 600),
      do: 'store',
      relays: relays.map((_, index) => index),
      draft: late,
      count: draw(1, 3),
    });
  }
  let at = 0;
  for (let count = 0; count < STEPS; count++) {
    // Many come on the heels of the one before, while what that one did is under way.
    at = random() < 0.5 ? Math.min(LENGTH, at + draw(0, 150)) : draw(0, LENGTH);
    const kind = random();
    const relay = draw(0, relays.length - 1);
    if (kind < 0.26) steps.push({ at, do: 'store', relays: some(), draft: draft(), count: draw(1, 5) });
    else if (kind < 0.32 && subscribers < MOST_SUBSCRIBERS) steps.push(subscribe(at));
    else if (kind < 0.38) steps.push({ at, do: 'wish', subscriber: draw(0, subscribers - 1), wish: wish(100 + count) });
    else if (kind < 0.41) {
      // No longer than what arrives may wait.
      steps.push({ at, do: 'pause', subscriber: draw(0, subscribers - 1), for: draw(50, 600) });
    } else if (kind < 0.43) steps.push({ at, do: 'unsubscribe', subscriber: draw(0, subscribers - 1) });
    else if (kind < 0.47) {
      steps.push({ at, do: 'request', wish: wish(200 + count), deadline: draw(500, 20_000) });
    } else if (kind < 0.57) {
      const takenBackAfter = maybe(0.2, () => draw(0, 5_000));
      steps.push({ at, do: 'publish', draft: draft(), deadline: draw(500, 20_000), takenBackAfter });
    } else if (kind < 0.59) steps.push({ at, do: 'publish again', deadline: draw(500, 10_000) });
    else if (kind < 0.92) {
      const fault = FAULTS[draw(0, FAULTS.length - 1)]?.name ?? '';
      // Of seconds mostly, of a minute at times.
      steps.push({ at, do: 'fault', fault, relay, for: Math.floor(500 * 120 ** random()) });
    } else if (kind < 0.94) {
      steps.push({ at, do: 'offline', for: draw(500, 30_000), isAnnounced: random() < 0.5 });
    } else if (kind < 0.96) steps.push({ at, do: 'remove', relay });
    else if (kind < 0.98) steps.push({ at, do: 'add', relay });
    else steps.push({ at, do: 'revive' });
  }
  return {
    seed,
    relays,
    maxBacklog: isTight ? 2 : 5_000,
    verifying: random() < 0.6 ? 0 : draw(1, 200),
    endsBusy: random() < 0.5,
    // Steps of the same time keep their order.
    steps: steps
      .sort((a, b) => a.at - b.at)
      .map((step) => ({ ...step, inHandlerOf: maybe(step.do === 'fault' ? 0 : 0.2, () => draw(0, subscribers - 1)) })),
  };
}
