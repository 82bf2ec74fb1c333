import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { Authentication, type EventTemplate, type Signer } from '../../src/sources/authentication.ts';
import { testKey, testSigner, VirtualTime } from '../../src/testing/index.ts';
import { hear } from '../support/world.ts';

const url = relayUrl('wss://relay.test/path');
const signer = testSigner(testKey(0));

/** `answer` says yes or no to the newest AUTH. */
function setUp(by: Signer | undefined = signer) {
  const time = new VirtualTime();
  const sent: NostrEvent[] = [];
  const authentication = new Authentication(url, by, time, (event) => sent.push(event));
  const answer = (accepted: boolean): boolean => authentication.answered(sent.at(-1)?.id ?? '', accepted);
  const attempt = () => hear(authentication.attempt());
  return { time, sent, authentication, answer, attempt };
}
const challengeOf = (event: NostrEvent | undefined): string | undefined =>
  event?.tags.find(([name]) => name === 'challenge')?.[1];

describe('Authentication', () => {
  it('signs the challenge for the relay as dialled, and says what the relay answered', async () => {
    for (const accepted of [true, false]) {
      const { time, sent, authentication, answer, attempt } = setUp();
      authentication.challenged('abc');
      const outcome = attempt();
      await time.advance(10);
      expect(sent).toMatchObject([
        {
          kind: 22_242,
          created_at: Math.floor(time.now() / 1_000),
          content: '',
          tags: [
            ['relay', url],
            ['challenge', 'abc'],
          ],
        },
      ]);
      expect(outcome.values).toEqual([]);
      expect(answer(accepted)).toBe(true);
      expect(outcome.values).toEqual([accepted ? 'accepted' : 'refused']);
      expect(outcome.completed).toBe(true);
      expect(time.actions).toHaveLength(0);
    }
  });

  it('waits 3 s for a challenge that comes late', async () => {
    const { time, sent, authentication, answer, attempt } = setUp();
    const outcome = attempt();
    await time.advance(2_900);
    authentication.challenged('late');
    await time.advance(10);
    expect(challengeOf(sent[0])).toBe('late');
    answer(true);
    expect(outcome.values).toEqual(['accepted']);

    const none = setUp();
    const nothing = none.attempt();
    await none.time.advance(3_000);
    expect(nothing.values).toEqual(['no-challenge']);
    expect(nothing.completed).toBe(true);
    // A later challenge is good for the next attempt.
    none.authentication.challenged('later');
    const next = none.attempt();
    await none.time.advance(10);
    none.answer(true);
    expect(next.values).toEqual(['accepted']);
  });

  it('answers the newest challenge, and asks nobody for the others', async () => {
    let asked = 0;
    const { time, sent, authentication, attempt } = setUp({
      signEvent: (template) => {
        asked++;
        return signer.signEvent(template);
      },
    });
    for (let n = 0; n < 1_000; n++) authentication.challenged(`${n}`);
    await time.advance(100);
    expect(asked).toBe(0);
    attempt();
    await time.advance(10);
    expect(sent.map(challengeOf)).toEqual(['999']);
    for (let n = 0; n < 1_000; n++) authentication.challenged(`again ${n}`);
    await time.advance(10);
    expect(asked).toBe(1);
  });

  it('takes no challenge of more than 1,024 characters', async () => {
    const { time, sent, authentication, attempt } = setUp();
    authentication.challenged('good');
    authentication.challenged('x'.repeat(1_025));
    attempt();
    await time.advance(10);
    expect(sent.map(challengeOf)).toEqual(['good']);
    authentication.challenged('x'.repeat(1_024));
    expect(hear(authentication.attempt()).values).toEqual([]);
  });

  it('is shared by all who need it at a time, and starts anew for those after', async () => {
    const { time, sent, authentication, answer, attempt } = setUp();
    authentication.challenged('abc');
    const [first, second] = [attempt(), attempt()];
    await time.advance(10);
    const third = attempt();
    await time.advance(10);
    expect(sent).toHaveLength(1);
    answer(true);
    expect([first.values, second.values, third.values]).toEqual([['accepted'], ['accepted'], ['accepted']]);
    const later = attempt();
    await time.advance(10);
    expect(sent).toHaveLength(2);
    answer(false);
    expect(later.values).toEqual(['refused']);
  });

  it('a refused attempt does not forbid the next one', async () => {
    const { time, authentication, answer, attempt } = setUp();
    authentication.challenged('abc');
    for (const accepted of [false, false, true]) {
      const outcome = attempt();
      await time.advance(10);
      answer(accepted);
      expect(outcome.values).toEqual([accepted ? 'accepted' : 'refused']);
    }
  });

  it('goes on for those who stay when one leaves, and is over when all do', async () => {
    const { time, sent, authentication, answer, attempt } = setUp();
    const [leaving, staying] = [attempt(), attempt()];
    leaving.subscription.unsubscribe();
    authentication.challenged('abc');
    await time.advance(10);
    answer(true);
    expect([leaving.values, staying.values]).toEqual([[], ['accepted']]);
    const alone = attempt();
    await time.advance(10);
    alone.subscription.unsubscribe();
    expect(time.actions).toHaveLength(0);
    expect(answer(true)).toBe(false);
    expect(sent).toHaveLength(2);
  });

  it('takes an OK for its own event alone', async () => {
    const { time, authentication, answer, attempt } = setUp();
    authentication.challenged('abc');
    expect(authentication.answered('', true)).toBe(false);
    const outcome = attempt();
    await time.advance(10);
    expect(authentication.answered('f'.repeat(64), true)).toBe(false);
    expect(outcome.values).toEqual([]);
    expect(answer(true)).toBe(true);
    expect(answer(true)).toBe(false);
  });

  it('takes an answer that comes while the event is being sent', async () => {
    const time = new VirtualTime();
    const authentication: Authentication = new Authentication(url, signer, time, (event) =>
      authentication.answered(event.id, true),
    );
    authentication.challenged('abc');
    const outcome = hear(authentication.attempt());
    await time.advance(10);
    expect(outcome.values).toEqual(['accepted']);
  });

  it('is silent where no OK comes within 10 s', async () => {
    const { time, authentication, attempt } = setUp();
    authentication.challenged('abc');
    const outcome = attempt();
    await time.advance(9_900);
    expect(outcome.values).toEqual([]);
    await time.advance(200);
    expect(outcome.values).toEqual(['silent']);
  });

  it('has no signer: nothing is waited for', () => {
    const time = new VirtualTime();
    const outcome = hear(new Authentication(url, undefined, time, () => undefined).attempt());
    expect([outcome.values, outcome.completed]).toEqual([['no-signer'], true]);
    expect(time.actions).toHaveLength(0);
  });

  it.each<[string, (template: EventTemplate) => unknown]>([
    ['rejects', () => Promise.reject(new Error('the user said no'))],
    [
      'throws',
      () => {
        throw new Error('locked');
      },
    ],
    ['hangs', () => new Promise(() => undefined)],
    ['gives nothing', () => undefined],
    ['gives nothing later', () => Promise.resolve(undefined)],
    ['gives no event', () => Promise.resolve({ kind: 22_242 })],
    ['signs another kind', (template) => signer.signEvent({ ...template, kind: 1 })],
  ])('a signer that %s has failed, within 30 s, and may be asked again', async (_, signEvent) => {
    let broken = true;
    const { time, sent, authentication, answer, attempt } = setUp({
      signEvent: (template) => (broken ? (signEvent(template) as Promise<NostrEvent>) : signer.signEvent(template)),
    });
    authentication.challenged('abc');
    const outcome = attempt();
    await time.advance(30_000);
    expect(outcome.values).toEqual(['signer-failed']);
    expect(outcome.completed).toBe(true);
    expect(sent).toEqual([]);
    expect(time.actions).toHaveLength(0);
    broken = false;
    const next = attempt();
    await time.advance(10);
    answer(true);
    expect(next.values).toEqual(['accepted']);
  });

  it('a signer that answers after its time is not listened to', async () => {
    let sign: (() => void) | undefined;
    const { time, sent, authentication, attempt } = setUp({
      signEvent: (template) =>
        new Promise((resolve) => {
          sign = () => void signer.signEvent(template).then(resolve);
        }),
    });
    authentication.challenged('abc');
    const outcome = attempt();
    await time.advance(30_000);
    sign?.();
    await time.advance(10);
    expect(outcome.values).toEqual(['signer-failed']);
    expect(sent).toEqual([]);
  });

  it('passes on seven fields, whatever else the signer adds', async () => {
    const { time, sent, authentication, attempt } = setUp({
      signEvent: async (template) => ({ ...(await signer.signEvent(template)), secret: 'x' }),
    });
    authentication.challenged('abc');
    attempt();
    await time.advance(10);
    expect(Object.keys(sent[0] ?? {}).sort()).toEqual(['content', 'created_at', 'id', 'kind', 'pubkey', 'sig', 'tags']);
  });

  it('ends without an outcome when the connection does', async () => {
    const { time, authentication, attempt } = setUp();
    const outcome = attempt();
    await time.advance(10);
    authentication.close();
    expect([outcome.values, outcome.completed]).toEqual([[], true]);
    expect(time.actions).toHaveLength(0);
  });
});
