import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { fakeEvent } from '../../src/testing/index.ts';
import { verifyWellFormed } from '../../src/verifiers/well-formed.ts';

const good = fakeEvent({ content: 'good' });
const bad = fakeEvent({ content: 'bad' });
const shouting = { ...good, id: good.id.toUpperCase() };
const short = { ...good, sig: good.sig.slice(2) };

/** Says no to one event, and writes down what it was asked. */
function engine(asked: NostrEvent[][], later: boolean) {
  return {
    verify: (events: readonly NostrEvent[]) => {
      asked.push([...events]);
      const verdicts = events.map((event) => event !== bad);
      return later ? Promise.resolve(verdicts) : verdicts;
    },
  };
}

describe('verifyWellFormed', () => {
  it.each([false, true])(
    'keeps what is not well-formed from the engine, and the verdicts in order (later: %s)',
    async (later) => {
      const asked: NostrEvent[][] = [];
      const verdicts = await verifyWellFormed(engine(asked, later), [shouting, good, short, bad, good]);
      expect(verdicts).toEqual([false, true, false, false, true]);
      expect(asked).toEqual([[good, bad, good]]);
    },
  );

  it('does not ask about nothing', () => {
    const asked: NostrEvent[][] = [];
    expect(verifyWellFormed(engine(asked, false), [shouting, short])).toEqual([false, false]);
    expect(asked).toEqual([]);
  });

  it('hands on an answer of the wrong length, for the caller to refuse', () => {
    expect(verifyWellFormed({ verify: () => [true] }, [shouting, good, good])).toEqual([true]);
  });
});
