import { BehaviorSubject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { RequestProgress } from '../../src/pool/request-progress.ts';
import type { Candidates } from '../../src/pool/route.ts';
import type { PooledRelay } from '../../src/pool/pooled-relay.ts';
import type { Answer } from '../../src/pool/answer.ts';
import { RelayError } from '../../src/protocol/relay-error.ts';
import { relayUrl, type RelayUrl } from '../../src/protocol/relay-url.ts';
import { VirtualTime } from '../../src/testing/index.ts';
import { hear } from '../support/world.ts';

const [a, b] = [relayUrl('wss://a.example'), relayUrl('wss://b.example')];
function aProgress() {
  const time = new VirtualTime();
  const relays$ = new BehaviorSubject<readonly PooledRelay[]>([]);
  return { time, relays$, progress: new RequestProgress(time) };
}
const answered = (relay: RelayUrl): Answer => ({ packet: { type: 'eose', relay }, settles: true });
const failed = (relay: RelayUrl): Answer => ({
  packet: { type: 'lost', relay, error: new RelayError('silent', relay, 'nothing came') },
  settles: true,
});
const told = (candidates: Candidates | undefined): Record<string, string> =>
  Object.fromEntries(candidates?.progress ?? []);

describe('RequestProgress', () => {
  it('tells how it goes, now and after each change', () => {
    const { progress, relays$ } = aProgress();
    const heard = hear(progress.candidates(relays$));
    progress.heard(answered(a));
    progress.heard(failed(b));
    progress.heard(failed(a));
    expect(heard.values.map(told)).toEqual([
      {},
      { [a]: 'answered' },
      { [a]: 'answered', [b]: 'failed' },
      { [a]: 'failed', [b]: 'failed' },
    ]);
  });

  it('says nothing of an answer that comes again', () => {
    const { progress, relays$ } = aProgress();
    const heard = hear(progress.candidates(relays$));
    progress.heard(answered(a));
    progress.heard(answered(a));
    expect(heard.values).toHaveLength(2);
  });

  it('forgets a failure after a minute, counted from the last one, and an answer never', async () => {
    const { time, progress, relays$ } = aProgress();
    const heard = hear(progress.candidates(relays$));
    progress.heard(failed(a));
    progress.heard(answered(b));
    await time.advance(30_000);
    progress.heard(failed(a));
    await time.advance(59_999);
    relays$.next([]);
    expect(told(heard.values.at(-1))).toEqual({ [a]: 'failed', [b]: 'answered' });
    await time.advance(1);
    relays$.next([]);
    expect(told(heard.values.at(-1))).toEqual({ [b]: 'answered' });
  });

  it('never tells what is past, also not when one mark leads to the next', () => {
    const { progress, relays$ } = aProgress();
    // What the first one does with the news is done before the second one hears of it.
    progress.candidates(relays$).subscribe((candidates) => {
      if (candidates.progress.has(a) && !candidates.progress.has(b)) progress.heard(failed(b));
    });
    const second = hear(progress.candidates(relays$));
    progress.heard(failed(a));
    expect(told(second.values.at(-1))).toEqual({ [a]: 'failed', [b]: 'failed' });
  });

  it('is over when the relays are', () => {
    const { progress, relays$ } = aProgress();
    const heard = hear(progress.candidates(relays$));
    relays$.complete();
    expect(heard.completed).toBe(true);
  });
});
