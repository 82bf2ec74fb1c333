import { NEVER, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { relayEose, relayNotice, relayOk } from '../../src/protocol/relay-frame.ts';
import { type LivenessOptions, watchLiveness } from '../../src/sources/liveness.ts';
import { fakeEvent } from '../../src/testing/index.ts';
import { aConnection } from '../support/a-connection.ts';
import { heapInUse } from '../support/heap.ts';

const SECOND = 1_000;

function setUp(options: LivenessOptions = {}) {
  const open = aConnection();
  const watch = watchLiveness(open.connection, options);
  const probes = (): string[] =>
    open.sent.flatMap((message) =>
      message.type === 'REQ' && JSON.stringify(message.filters).includes('0'.repeat(64))
        ? [message.subscriptionId]
        : [],
    );
  return { ...open, watch, probes };
}
/** A connection that is in use. */
function inUse(options: LivenessOptions = {}) {
  const open = setUp(options);
  open.connection.subscribe({ kinds: [1] }).subscribe();
  return open;
}

describe('watchLiveness', () => {
  it('asks a connection in use that is silent for 30 s, and fails it 10 s later', async () => {
    const { time, probes, failures } = inUse();
    await time.advance(29 * SECOND);
    expect(probes()).toEqual([]);
    await time.advance(SECOND);
    expect(probes()).toHaveLength(1);
    await time.advance(9 * SECOND);
    expect(failures).toEqual([]);
    await time.advance(SECOND);
    expect(failures.map(({ code }) => code)).toEqual(['half-open']);
  });

  it('closes its question as soon as it is answered', async () => {
    const { time, probes, sent, receive, failures } = inUse();
    await time.advance(30 * SECOND);
    const [probe = ''] = probes();
    receive(relayEose(probe));
    expect(sent.at(-1)).toEqual({ type: 'CLOSE', subscriptionId: probe });
    await time.advance(10 * SECOND);
    expect(sent.filter(({ type }) => type === 'CLOSE')).toHaveLength(1);
    expect(failures).toEqual([]);
  });

  it('asks by the intervals that it is told', async () => {
    const { time, probes, failures } = inUse({ livenessInterval: 5 * SECOND, livenessTimeout: SECOND });
    await time.advance(5 * SECOND);
    expect(probes()).toHaveLength(1);
    await time.advance(SECOND);
    expect(failures).toHaveLength(1);
  });

  it.each<[string, (probe: string) => string]>([
    ['its answer', (probe) => relayEose(probe)],
    ['any frame', () => relayNotice('busy')],
    ['a frame for somebody else', () => relayOk('f'.repeat(64), true)],
    ['nonsense', () => '['],
  ])('takes %s for a sign of life, asks again 30 s after it, and closes each question', async (_, frame) => {
    const { time, probes, failures, receive, sent } = inUse();
    for (let round = 1; round <= 10; round++) {
      await time.until(() => probes().length === round, 60 * SECOND);
      await time.advance(5 * SECOND);
      receive(frame(probes().at(-1) ?? ''));
    }
    expect(failures).toEqual([]);
    await time.advance(10 * SECOND);
    const closed = sent.flatMap((message) => (message.type === 'CLOSE' ? [message.subscriptionId] : []));
    expect(closed).toEqual(probes());
  });

  it('does not ask while frames come', async () => {
    const { time, probes, receive } = inUse();
    for (let n = 0; n < 100; n++) {
      await time.advance(20 * SECOND);
      receive(relayNotice('still here'));
    }
    expect(probes()).toEqual([]);
  });

  it('asks within the timeout after a silence that began between two looks', async () => {
    const { time, probes, receive } = inUse();
    await time.advance(25 * SECOND);
    receive(relayNotice('the last one'));
    await time.advance(29 * SECOND);
    expect(probes()).toEqual([]);
    await time.advance(11 * SECOND);
    expect(probes()).toHaveLength(1);
  });

  it('leaves an unused connection alone, and watches it again when it is used', async () => {
    const { time, probes, failures, connection } = setUp();
    await time.advance(600 * SECOND);
    expect(probes()).toEqual([]);
    expect(connection.inFlight).toBe(0);
    connection.publish(fakeEvent()).subscribe({ error: () => undefined });
    await time.advance(60 * SECOND);
    expect(probes()).toHaveLength(1);
    expect(failures.map(({ code }) => code)).toEqual(['half-open']);
  });

  it('asks at once when it is told to, and but once at a time', async () => {
    const probe$ = new Subject<void>();
    const { time, probes, failures } = inUse({ probe$ });
    await time.advance(SECOND);
    probe$.next();
    probe$.next();
    expect(probes()).toHaveLength(1);
    await time.advance(10 * SECOND);
    expect(failures).toHaveLength(1);
    const unused = setUp({ probe$ });
    await unused.time.advance(SECOND);
    probe$.next();
    expect(unused.probes()).toEqual([]);
  });

  it('stops with its subscription: no timer, no listener, no question', async () => {
    const probe$ = new Subject<void>();
    const { time, watch, probes, failures } = inUse({ probe$ });
    await time.advance(31 * SECOND);
    expect(probes()).toHaveLength(1);
    watch.unsubscribe();
    expect(time.actions).toHaveLength(0);
    expect(probe$.observed).toBe(false);
    await time.advance(600 * SECOND);
    expect(failures).toEqual([]);
  });

  it('adds up no timers over a long time', async () => {
    const { time, probes, receive } = inUse({ probe$: NEVER });
    await time.advance(SECOND);
    const before = time.actions.length;
    for (let n = 0; n < 200; n++) {
      const asked = probes().length;
      await time.until(() => probes().length > asked, 60 * SECOND);
      receive(relayEose(probes().at(-1) ?? ''));
      await time.advance(10 * SECOND);
    }
    expect(time.actions).toHaveLength(before);
  });

  it('keeps nothing of the timers that have fired', async () => {
    const { time } = setUp({ livenessTimeout: 1, livenessInterval: 1 });
    await time.advance(1_000);
    const before = await heapInUse();
    await time.advance(30_000);
    expect((await heapInUse()) - before).toBeLessThan(2 ** 20);
  });
});
