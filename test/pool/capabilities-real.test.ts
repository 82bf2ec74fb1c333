import { forkJoin, lastValueFrom, toArray } from 'rxjs';
import { expect, it, vi } from 'vitest';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';

it('a relay on a real socket is asked for its document over HTTP, and for no more REQs than that allows', async () => {
  await using relay = await TestRelay.start({ limits: { max_subscriptions: 5 } });
  relay.seed(signedEvent({ content: 'a' }, testKey(0)));
  using pool = new RelayPool({ relays: [relay.url], alone: true });
  const ask = () => pool.request({ kinds: [1] }).pipe(toArray());
  expect(await lastValueFrom(ask())).toHaveLength(1);
  await vi.waitFor(() => expect(pool.memory.relays[relay.url]?.maxSubscriptions).toBe(5));
  let excess = 0;
  relay.received$.subscribe(({ connection, message }) => {
    const open = relay.connections.find(({ id }) => id === connection)?.subscriptionIds.length ?? 0;
    if (message.type === 'REQ' && open >= 5) excess++;
  });
  const answers = await lastValueFrom(forkJoin(Array.from({ length: 40 }, ask)));
  expect(answers.map(({ length }) => length)).toEqual(answers.map(() => 1));
  expect(relay.received.filter(({ message }) => message.type === 'REQ')).toHaveLength(41);
  expect(excess).toBe(0);
});
