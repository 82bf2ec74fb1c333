import { describe, expect, it } from 'vitest';
import { fakeEvent } from '../../src/testing/index.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { NOTES, realWorld, until } from '../support/real-world.ts';
import { contents, hear, words } from '../support/world.ts';

const KNOWN = 1_000;
/** Well before any window. */
const dated = (content: string, created_at: number) => fakeEvent({ content, created_at });
const known = Array.from({ length: KNOWN }, (_, i) => dated(`known ${i}`, 1_600_000_000 + i));

describe('an outage over real sockets, with negentropy', () => {
  it('hides nothing, however it is dated, and only the relay that cannot compare leaves a gap', async () => {
    await using scene = await realWorld({
      relays: [{ verify: false }, { verify: false }, { verify: false, negentropy: false }],
      pool: { verifier: zerosVerifier },
    });
    const { pool, relays } = scene;
    for (const relay of relays) relay.seed(known);
    const heard = hear(pool.packets(NOTES, { resume: { mode: 'negentropy' }, silenceTimeout: 1_000 }));
    const eoses = (): number => words(heard.values).filter((word) => word.startsWith('eose')).length;
    await until(() => expect(eoses()).toBe(3));
    const sent = relays.map(({ received }) => received.length);
    for (const [index, relay] of relays.entries()) {
      relay.drop();
      relay.seed(dated(`at ${index} alone`, 1_500_000_000), dated('at all', 1_600_000_500));
    }
    await until(() => expect(eoses()).toBe(6));
    const events = heard.values.flatMap((packet) => (packet.type === 'event' ? [packet.event] : []));
    expect(events).toHaveLength(KNOWN + 3);
    expect(new Set(contents(events.slice(KNOWN)))).toEqual(new Set(['at 0 alone', 'at 1 alone', 'at all']));
    expect(heard.values.flatMap((packet) => (packet.type === 'gap' ? [packet.relay] : []))).toEqual([relays[2]?.url]);
    expect((relays[0]?.received.length ?? Infinity) - (sent[0] ?? 0)).toBeLessThan(12);
    heard.subscription.unsubscribe();
    await until(() => expect(relays.map(({ subscriptionCount }) => subscriptionCount)).toEqual([0, 0, 0]));
  });
});
