import fc from 'fast-check';
import { BehaviorSubject, map, NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { firstOf, limit, union, where } from '../../src/pool/combined-routes.ts';
import type { PooledRelay } from '../../src/pool/pooled-relay.ts';
import type { Candidates, Choice, RelayProgress, Route, RoutedCall } from '../../src/pool/route.ts';
import { cluster, everyRelay, only } from '../../src/pool/routes.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { VirtualTime } from '../../src/testing/index.ts';

/** Relays that a pool may have, and guests beside them. Routes look at nothing but their URLs. */
const ALL: readonly PooledRelay[] = Array.from(
  { length: 8 },
  (_, i) => ({ url: relayUrl(`wss://relay${i}.test`) }) as unknown as PooledRelay,
);
const urlOf = (index: number): string => ALL[index]?.url ?? '';
const CLUSTERS: Readonly<Record<string, readonly number[]>> = { home: [0, 1, 5], archive: [2], empty: [] };

/** A route as data. */
type Plan =
  | { readonly type: 'everyRelay' }
  | { readonly type: 'only' | 'part'; readonly relays: readonly number[] }
  | { readonly type: 'cluster'; readonly name: string }
  | { readonly type: 'where'; readonly plan: Plan; readonly least: number }
  | { readonly type: 'limit'; readonly plan: Plan; readonly count: number }
  | { readonly type: 'firstOf' | 'union'; readonly plans: readonly [Plan, ...Plan[]] };

const anyRelays = fc.array(fc.nat({ max: ALL.length - 1 }), { maxLength: 5 });
const { plan: anyPlan } = fc.letrec<{ plan: Plan }>((tie) => {
  const plans = fc.array(tie('plan'), { minLength: 1, maxLength: 3 }) as fc.Arbitrary<[Plan, ...Plan[]]>;
  return {
    plan: fc.oneof(
      { maxDepth: 3 },
      fc.constant<Plan>({ type: 'everyRelay' }),
      fc.record({ type: fc.constantFrom('only', 'part'), relays: anyRelays }),
      fc.record({ type: fc.constant('cluster' as const), name: fc.constantFrom(...Object.keys(CLUSTERS)) }),
      fc.record({ type: fc.constant('where' as const), plan: tie('plan'), least: fc.nat({ max: 4 }) }),
      fc.record({ type: fc.constant('limit' as const), plan: tie('plan'), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ type: fc.constantFrom('firstOf', 'union'), plans }),
    ),
  };
});
const anyProgress = fc
  .array(fc.option(fc.constantFrom<RelayProgress[]>('answered', 'failed'), { nil: undefined }), {
    minLength: ALL.length,
    maxLength: ALL.length,
  })
  .map((marks) => new Map(ALL.flatMap(({ url }, i) => (marks[i] ? [[url, marks[i]] as const] : []))));
const anyCandidates: fc.Arbitrary<Candidates> = fc.record({
  relays: fc.shuffledSubarray([...ALL]),
  progress: anyProgress,
});

const indexOf = ({ url }: PooledRelay): number => ALL.findIndex((other) => other.url === url);

/** The route to a part of the request, by the relay's number. */
const part =
  (relays: readonly number[]): Route =>
  (candidates$, call) =>
    only(relays.map(urlOf))(candidates$, call).pipe(
      map((choices) => choices.map(({ relay }) => ({ relay, filters: [{ kinds: [indexOf(relay)] }] }))),
    );

function routeOf(plan: Plan): Route {
  switch (plan.type) {
    case 'everyRelay':
      return everyRelay();
    case 'only':
      return only(plan.relays.map(urlOf));
    case 'part':
      return part(plan.relays);
    case 'cluster':
      return cluster(plan.name);
    case 'where':
      return where((relay) => indexOf(relay) >= plan.least, routeOf(plan.plan));
    case 'limit':
      return limit(routeOf(plan.plan), plan.count);
    default: {
      const [first, ...more] = plan.plans;
      const combine = plan.type === 'union' ? union : firstOf;
      return combine(routeOf(first), ...more.map(routeOf));
    }
  }
}

const CALL: RoutedCall = {
  filters: [{ kinds: [1] }],
  event: undefined,
  priority: 'normal',
  scheduler: new VirtualTime(),
  random: () => 0.5,
  isEjected: () => false,
  borrow: (urls) =>
    new BehaviorSubject([...new Set(urls)].flatMap((url) => ALL.filter((relay) => relay.url === relayUrl(url)))),
  cluster: (name) => new BehaviorSubject((CLUSTERS[name] ?? []).map((index) => relayUrl(urlOf(index)))),
};

/** What a route chooses of these candidates. */
function choose(plan: Plan, candidates: Candidates): readonly Choice[] {
  let latest: readonly Choice[] | undefined;
  routeOf(plan)(new BehaviorSubject(candidates), CALL).subscribe((choices) => (latest = choices));
  if (!latest) throw new Error('A route says something at once.');
  return latest;
}

const urls = (choices: readonly Choice[]): string[] => choices.map(({ relay }) => relay.url);
const isPromising =
  ({ progress }: Candidates) =>
  ({ relay }: Choice): boolean =>
    progress.get(relay.url) !== 'failed';

function holds(plan: fc.Arbitrary<Plan>, property: (plan: Plan, candidates: Candidates) => void): void {
  fc.assert(fc.property(plan, anyCandidates, property), { numRuns: 300 });
}

describe('routes, however they are combined', () => {
  it('never choose a relay twice', () => {
    holds(anyPlan, (plan, candidates) => {
      const chosen = urls(choose(plan, candidates));
      expect(new Set(chosen).size).toBe(chosen.length);
    });
  });

  it('say the same of the same', () => {
    holds(anyPlan, (plan, candidates) => {
      expect(choose(plan, candidates)).toEqual(choose(plan, candidates));
    });
  });

  it('limit: never more than so many, of the route, and as many as there are', () => {
    fc.assert(
      fc.property(anyPlan, anyCandidates, fc.integer({ min: 1, max: 6 }), (plan, candidates, count) => {
        const [all, chosen] = [choose(plan, candidates), choose({ type: 'limit', plan, count }, candidates)];
        expect(chosen).toHaveLength(Math.min(count, all.length));
        for (const choice of chosen) expect(all).toContainEqual(choice);
      }),
      { numRuns: 300 },
    );
  });

  it('limit: a relay that failed is never preferred to one that has not, and otherwise the order stays', () => {
    fc.assert(
      fc.property(anyPlan, anyCandidates, fc.integer({ min: 1, max: 6 }), (plan, candidates, count) => {
        const [all, chosen] = [choose(plan, candidates), choose({ type: 'limit', plan, count }, candidates)];
        const promising = isPromising(candidates);
        const leftOut = all.filter(({ relay }) => !urls(chosen).includes(relay.url));
        if (leftOut.some(promising)) expect(chosen.every(promising)).toBe(true);
        const ordered = [...all.filter(promising), ...all.filter((choice) => !promising(choice))];
        expect(urls(chosen)).toEqual(urls(ordered).slice(0, count));
      }),
      { numRuns: 300 },
    );
  });

  const anyPlans = fc.array(anyPlan, { minLength: 1, maxLength: 4 }) as fc.Arbitrary<[Plan, ...Plan[]]>;
  const united = anyPlans.map((plans): Plan => ({ type: 'union', plans }));
  const firsts = anyPlans.map((plans): Plan => ({ type: 'firstOf', plans }));
  const partsOf = (plan: Plan, candidates: Candidates): readonly (readonly Choice[])[] =>
    'plans' in plan ? plan.plans.map((each) => choose(each, candidates)) : [];

  it('union: each of its routes is in it, with all that it asks for, and nothing else is', () => {
    holds(united, (plan, candidates) => {
      const parts = partsOf(plan, candidates).flat();
      const chosen = choose(plan, candidates);
      expect(new Set(urls(chosen))).toEqual(new Set(urls(parts)));
      for (const { relay, filters } of parts) {
        const of = chosen.find((choice) => choice.relay === relay);
        if (!filters) expect(of?.filters).toBeUndefined();
        else if (of?.filters) expect(of.filters).toEqual(filters);
      }
      for (const { relay, filters } of chosen) {
        const isWhole = parts.some((choice) => choice.relay === relay && !choice.filters);
        expect(filters === undefined).toBe(isWhole);
      }
    });
  });

  it('firstOf: one of its routes, the first that is of use, and nothing only where all are nothing', () => {
    holds(firsts, (plan, candidates) => {
      const parts = partsOf(plan, candidates);
      const chosen = choose(plan, candidates);
      expect(parts).toContainEqual(chosen);
      const promising = isPromising(candidates);
      const first = parts.find((choices) => choices.some(promising));
      if (first) expect(chosen).toEqual(first);
      expect(chosen.length === 0).toBe(parts.every(({ length }) => length === 0));
    });
  });

  it('follow the candidates: what they choose in the end is what they choose of the last ones', () => {
    fc.assert(
      fc.property(anyPlan, fc.array(anyCandidates, { minLength: 1, maxLength: 5 }), (plan, series) => {
        const [first, ...more] = series;
        if (!first) return;
        const candidates$ = new BehaviorSubject(first);
        let latest: readonly Choice[] = [];
        const subscription = routeOf(plan)(candidates$, CALL).subscribe((choices) => (latest = choices));
        for (const candidates of more) candidates$.next(candidates);
        expect(latest).toEqual(choose(plan, series.at(-1) ?? first));
        subscription.unsubscribe();
        expect(candidates$.observed).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('wait for a route that has said nothing yet', () => {
    const silent: Route = () => NEVER;
    const heard: unknown[] = [];
    const candidates: Candidates = { relays: ALL, progress: new Map() };
    for (const route of [union(everyRelay(), silent), firstOf(everyRelay(), silent)]) {
      route(new BehaviorSubject(candidates), CALL).subscribe((choices) => heard.push(choices));
    }
    expect(heard).toEqual([]);
  });
});
