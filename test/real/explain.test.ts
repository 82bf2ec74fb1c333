import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Explanation, explanationText, limit, only, type RelayPool, where } from '../../src/index.ts';
import type { TestRelay } from '../../src/testing/index.ts';
import { ask, NEVER_AGAIN, note, NOTES, realWorld, until } from '../support/real-world.ts';

/** What happened at each relay, in the order of these. */
function stepsAt(relays: readonly TestRelay[], explanation: Explanation | undefined): readonly (string | undefined)[] {
  return relays.map(({ url }) =>
    explanation?.relays
      .find(({ relay }) => relay === url)
      ?.steps.map(({ what }) => what)
      .join(' '),
  );
}

function explained(pool: RelayPool, of: Parameters<RelayPool['explain']>[0]): Explanation {
  const explanation = pool.explain(of);
  if (!explanation) throw new Error('There is no explanation.');
  // It is plain data, and complete as JSON.
  expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  return explanation;
}

describe('explain', () => {
  it('tells of a request whom the route considered, chose and skipped, who was throttled, late or refused', async () => {
    await using world = await realWorld({
      relays: [{}, {}, { faults: { closedWith: 'blocked: not you' } }, { faults: { refuse: true } }, {}],
      pool: { load: { maximum: 1 }, alone: true, backoff: NEVER_AGAIN },
    });
    const { pool, relays } = world;
    const [slow, quick, , down, unwanted] = relays as [TestRelay, TestRelay, TestRelay, TestRelay, TestRelay];
    for (let n = 0; n < 60; n++) await ask(pool, NOTES, { route: only([slow.url]) });
    await ask(pool, NOTES, { route: only([down.url]) });
    const route = where(({ url, isReady }) => isReady && url !== unwanted.url);

    slow.faults.delay = 800;
    // The first one takes the only turn at the slow one, and the second has to wait for it.
    const both = ['first', 'second'].map((id) => ask(pool, NOTES, { route, id }));
    await Promise.all(both);
    const [first, second] = ['first', 'second'].map((id) => explained(pool, id));
    expect(stepsAt([slow, unwanted, down], first)).toEqual(['chosen sent late answered', 'skipped', 'skipped']);
    expect(stepsAt([slow], second)).toEqual(['chosen throttled sent late answered']);
    expect(stepsAt([quick], first)).toEqual(['chosen sent answered']);
    expect(stepsAt([relays[2] as TestRelay], first)).toEqual(['chosen sent gap refused']);
    expect(first).toMatchObject({ ids: ['first'], verb: 'REQ', filters: [NOTES], priority: 'normal' });
    expect(second?.endedAt ?? 0).toBeGreaterThanOrEqual((second?.beganAt ?? 0) + 800);
    const knownOf = (relay: TestRelay) => first?.relays.find(({ relay: url }) => url === relay.url)?.known;
    expect(knownOf(slow)).toMatchObject({ isReady: true, reliability: 1, inFlight: 0, queued: 0 });
    expect(knownOf(slow)?.cost).toBeGreaterThan(0);
    expect(knownOf(down)).toMatchObject({ isReady: false, cost: undefined });

    const text = explanationText(second as Explanation).split('\n');
    expect(text[0]).toMatch(
      /^REQ second: \[\{"kinds":\[1\]\}\], normal, began 2\d{3}-\d\d-\d\dT[\d:.]+Z, took \d+ ms$/,
    );
    expect(text).toContainEqual(expect.stringMatching(/throttled: waited \d+ ms for its turn$/));
    expect(text).toContainEqual(expect.stringMatching(/late: most of its answers take at most \d+ ms$/));
    expect(text).toContainEqual(expect.stringMatching(/answered: EOSE after \d+ ms$/));
    expect(text).toContainEqual(expect.stringMatching(/refused: blocked: not you$/));
    expect(text).toContainEqual(expect.stringMatching(/skipped: the route preferred others$/));
    expect(text).toContainEqual(expect.stringMatching(/skipped: it is not connected: /));
    expect(text).toContainEqual(expect.stringContaining(`${down.url} (not ready, reliability `));
  });

  it('tells of a relay that is silent, and of the one that was asked instead', async () => {
    await using world = await realWorld({ relays: [{ faults: { noEose: true } }, {}] });
    const { pool, relays } = world;
    await ask(pool, NOTES, {
      route: limit(
        where(() => true),
        1,
      ),
      silenceTimeout: 300,
      id: 'asked',
    });
    const explanation = explained(pool, 'asked');
    expect(stepsAt(relays, explanation)).toEqual(['chosen sent gap late left', 'skipped chosen sent answered']);
    expect(explanationText(explanation)).toContain(': There was no answer within 300 ms');
    expect(explanationText(explanation)).toContain('left: the request failed there');
  });

  it('tells of a publish what each relay said, or that it said nothing', async () => {
    await using world = await realWorld({
      relays: [
        {},
        { faults: { rejectedWith: 'blocked: not you' } },
        { faults: { noOk: true } },
        { faults: { refuse: true } },
        {},
      ],
    });
    const { pool, relays } = world;
    const event = note('mine');
    const route = where(({ url }) => url !== relays[4]?.url);
    await lastValueFrom(pool.publish(event, { route, deadline: 700, priority: 'critical' }));
    const explanation = explained(pool, event);
    expect(explanation).toEqual(pool.explain(event.id));
    expect(explanation).toMatchObject({ ids: [event.id], verb: 'EVENT', event, priority: 'critical' });
    expect(stepsAt(relays, explanation)).toEqual([
      'chosen sent answered',
      'chosen sent refused',
      'chosen sent late',
      'chosen lost',
      'skipped',
    ]);
    const text = explanationText(explanation);
    expect(text).toContain(`EVENT ${event.id}: kind 1, critical, began `);
    for (const line of [
      'answered: OK after',
      'refused: blocked: not you',
      'late: there was no answer in time',
      'lost: unreachable',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('tells of what goes on, and of a request that several share by each of their names', async () => {
    await using world = await realWorld({ relays: 1 });
    const { pool, relays } = world;
    const open = ['page', 'badge'].map((id) => pool.subscribe(NOTES, { id }).subscribe());
    await until(() => expect(stepsAt(relays, pool.explain('badge'))).toEqual(['chosen sent answered']));
    expect(explained(pool, 'page')).toEqual(explained(pool, 'badge'));
    expect(explained(pool, 'page')).toMatchObject({ ids: ['page', 'badge'] });
    expect(explanationText(explained(pool, 'page'))).toMatch(/^REQ page, badge: .*, goes on\n/);
    expect(pool.explanations).toHaveLength(1);
    for (const subscription of open) subscription.unsubscribe();
    expect(explanationText(explained(pool, 'page'))).toMatch(/, took \d+ ms\n/);
  });
});
