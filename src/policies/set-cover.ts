/**
 * What {@link coverSets} is to cover, and with how much.
 *
 * @example
 * ```ts
 * import type { SetCoverOptions } from 'rx-relay-pool';
 *
 * const once: SetCoverOptions = {
 *   wanted: new Map([['an author', ['wss://a.example/', 'wss://b.example/']]]),
 *   times: 1,
 * };
 * ```
 */
export interface SetCoverOptions {
  /** For each element (an author) the sets that hold it (the relays), the ones to prefer first. A set named twice counts once. */
  readonly wanted: ReadonlyMap<string, readonly string[]>;
  /**
   * By how many sets each element should be covered, where it has so many; a whole number above 0.
   *
   * @default 2
   */
  readonly times?: number | undefined;
  /**
   * How many sets to choose at most, those in `taken` not counted; a whole number, or Infinity.
   *
   * @default 20
   */
  readonly maximum?: number | undefined;
  /**
   * What a set is worth by itself, in elements: a set with 0.5, say because a connection to it is open, goes before another that covers
   * as many elements, and still after one that covers one more. Asked once a set; NaN counts as 0.
   *
   * @default no set is worth anything by itself
   */
  readonly preferred?: ((set: string) => number) | undefined;
  /**
   * Sets that are used anyway: they cost nothing, and what they hold is taken for covered.
   *
   * @default none
   */
  readonly taken?: ReadonlySet<string> | undefined;
}

/**
 * What {@link coverSets} chose.
 *
 * @example
 * ```ts
 * import type { SetCover } from 'rx-relay-pool';
 *
 * const summary = ({ chosen, uncovered }: SetCover): string => `${chosen.size} relays; ${uncovered.length} left out`;
 * ```
 */
export interface SetCover {
  /** Each set that is needed, those of `taken` included, with the elements to ask it for: never none. */
  readonly chosen: ReadonlyMap<string, readonly string[]>;
  /** Elements without any set, and those that more sets than `maximum` would be needed for. */
  readonly uncovered: readonly string[];
  /** Elements that are covered, but fewer times than asked: they have no more sets, or `maximum` was reached. */
  readonly partlyCovered: readonly string[];
}

interface Element {
  readonly name: string;
  readonly sets: readonly CandidateSet[];
  /** By how many of the chosen and taken sets it is held. */
  covered: number;
}

interface CandidateSet {
  readonly name: string;
  readonly worth: number;
  readonly isTaken: boolean;
  readonly elements: Element[];
  /** How many elements name it before all others. */
  firstChoices: number;
  isChosen: boolean;
  /** How many elements it would bring up to the level that is being worked on. */
  gain: number;
}

/**
 * Chooses few sets that cover all elements, each `times` times: for an outbox, few relays such that each author is asked for at two of those
 * that the author writes to (NIP-65).
 *
 * It is the greedy cover (Vašek Chvátal, "A Greedy Heuristic for the Set-Covering Problem", 1979): time and again the set that covers most of
 * what is left, then the one with the larger worth, then the one that more elements name first, then the one whose name sorts first. That is at
 * most `ln(n) + 1` times as many sets as the fewest possible for one time. Every element that can be is covered once before a set is chosen to
 * cover any twice. In the end each set goes that all its elements can do without, and each element is assigned to those it prefers.
 *
 * The outcome does not depend on the order of the map, but for the order in which elements are listed. For 2,000 elements with 10 of 1,000
 * sets each it takes about 20 ms.
 *
 * @throws RangeError when a number is out of its range.
 *
 * @example
 * ```ts
 * import { coverSets } from 'rx-relay-pool';
 *
 * const { chosen } = coverSets({
 *   wanted: new Map([
 *     ['alice', ['wss://a.example/', 'wss://shared.example/']],
 *     ['bob', ['wss://shared.example/', 'wss://b.example/']],
 *   ]),
 *   times: 1,
 * });
 * console.log([...chosen]); // [['wss://shared.example/', ['alice', 'bob']]]
 * ```
 */
export function coverSets(options: SetCoverOptions): SetCover {
  const { times = 2, maximum = 20 } = options;
  if (!(Number.isSafeInteger(times) && times > 0)) {
    throw new RangeError(`coverSets: 'times' must be a whole number above 0; got ${times}.`);
  }
  if (!(maximum === Infinity || (Number.isSafeInteger(maximum) && maximum >= 0))) {
    throw new RangeError(`coverSets: 'maximum' must be a whole number from 0, or Infinity; got ${maximum}.`);
  }
  const { elements, sets } = graphOf(options);
  for (const set of sets) if (set.isTaken) choose(set, 0);
  let kept: readonly CandidateSet[] = [];
  for (;;) {
    const chosen = [...kept, ...chooseGreedily(elements, sets, times, maximum - kept.length)];
    kept = withoutNeedless(chosen, times);
    // Only where the maximum ended it can a place that came free be of use.
    if (kept.length === chosen.length || chosen.length < maximum) break;
  }
  return {
    chosen: assign(elements, times),
    uncovered: elements.filter(({ covered }) => covered === 0).map(({ name }) => name),
    partlyCovered: elements.filter(({ covered }) => covered > 0 && covered < times).map(({ name }) => name),
  };
}

function graphOf({ wanted, preferred, taken }: SetCoverOptions): {
  readonly elements: readonly Element[];
  readonly sets: readonly CandidateSet[];
} {
  const byName = new Map<string, CandidateSet>();
  const setOf = (name: string): CandidateSet => {
    let set = byName.get(name);
    if (!set) {
      const worth = preferred?.(name) ?? 0;
      set = {
        name,
        worth: Number.isNaN(worth) ? 0 : worth,
        isTaken: taken?.has(name) ?? false,
        elements: [],
        firstChoices: 0,
        isChosen: false,
        gain: 0,
      };
      byName.set(name, set);
    }
    return set;
  };
  const elements: Element[] = [];
  for (const [name, names] of wanted) {
    const element: Element = { name, sets: [...new Set(names)].map(setOf), covered: 0 };
    elements.push(element);
    for (const set of element.sets) set.elements.push(element);
    const [first] = element.sets;
    if (first) first.firstChoices++;
  }
  return { elements, sets: [...byName.values()] };
}

/** Chooses sets for one level after the other: all elements once, then all twice, and so on. Returns them in that order. */
function chooseGreedily(
  elements: readonly Element[],
  sets: readonly CandidateSet[],
  times: number,
  maximum: number,
): readonly CandidateSet[] {
  const chosen: CandidateSet[] = [];
  const most = elements.reduce((longest, element) => Math.max(longest, element.sets.length), 0);
  for (let level = 1; level <= Math.min(times, most); level++) {
    for (const set of sets) {
      set.gain = set.isChosen ? 0 : set.elements.filter(({ covered }) => covered < level).length;
    }
    let candidates = sets;
    while (chosen.length < maximum) {
      // No set gains while others are chosen, so what has nothing to give now is done with for this level.
      candidates = candidates.filter(({ gain }) => gain > 0);
      const [first, ...others] = candidates;
      if (!first) break;
      const best = others.reduce((a, b) => (goesBefore(b, a) ? b : a), first);
      choose(best, level);
      chosen.push(best);
    }
  }
  return chosen;
}

function goesBefore(a: CandidateSet, b: CandidateSet): boolean {
  const [valueOfA, valueOfB] = [a.gain + a.worth, b.gain + b.worth];
  if (valueOfA !== valueOfB) return valueOfA > valueOfB;
  if (a.gain !== b.gain) return a.gain > b.gain; // both are worth more than any number
  if (a.firstChoices !== b.firstChoices) return a.firstChoices > b.firstChoices;
  return a.name < b.name;
}

function choose(set: CandidateSet, level: number): void {
  set.isChosen = true;
  for (const element of set.elements) {
    element.covered++;
    if (element.covered === level) for (const other of element.sets) other.gain--;
  }
}

/** Later choices may have made an earlier one needless. The first choices hold most, so the last are asked first. */
function withoutNeedless(chosen: readonly CandidateSet[], times: number): readonly CandidateSet[] {
  for (const set of [...chosen].reverse()) {
    if (!set.elements.every(({ covered }) => covered > times)) continue;
    set.isChosen = false;
    for (const element of set.elements) element.covered--;
  }
  return chosen.filter(({ isChosen }) => isChosen);
}

function assign(elements: readonly Element[], times: number): ReadonlyMap<string, readonly string[]> {
  const assigned = new Map<string, string[]>();
  for (const { name, sets } of elements) {
    for (const set of sets.filter(({ isChosen }) => isChosen).slice(0, times)) {
      const others = assigned.get(set.name);
      if (others) others.push(name);
      else assigned.set(set.name, [name]);
    }
  }
  return assigned;
}
