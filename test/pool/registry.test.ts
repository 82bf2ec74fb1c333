import { describe, expect, it } from 'vitest';
import { PoolError } from '../../src/pool/pool-error.ts';
import { Registry, type RegistryOptions } from '../../src/pool/registry.ts';
import { type RelayUrl, RelayUrlError } from '../../src/protocol/relay-url.ts';
import type { RelayStatus } from '../../src/sources/relay.ts';
import { seededRandom, testKey, testSigner, VirtualNetwork, VirtualTime } from '../../src/testing/index.ts';
import { hear } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const USE = { priority: 'normal', affinity: undefined, subscribes: true } as const;

function aRegistry(options: RegistryOptions = {}) {
  const time = new VirtualTime();
  const network = new VirtualNetwork({ time, latency: 10 });
  const registry = new Registry({ scheduler: time, random: seededRandom(1), WebSocket: network.WebSocket, ...options });
  const urls = hear(registry.relays$);
  return {
    time,
    network,
    registry,
    /** The URLs of every list so far. */
    urls: () => urls.values.map((relays) => relays.map(({ url }) => url)),
    last: () => urls.values.at(-1) ?? [],
    /** Keeps every relay connected that the registry has now. */
    use: () => (urls.values.at(-1) ?? []).map((relay) => relay.lease(USE).subscribe()),
  };
}
const states = (statuses: readonly RelayStatus[] | undefined): string[] => (statuses ?? []).map(({ state }) => state);

describe('Registry', () => {
  it('tells the relays that there are, and after every change', () => {
    const { registry, urls } = aRegistry();
    registry.add('wss://a.example', 'caller');
    registry.add('wss://b.example', 'event');
    registry.remove('wss://a.example');
    expect(urls()).toEqual([[], ['wss://a.example/'], ['wss://a.example/', 'wss://b.example/'], ['wss://b.example/']]);
  });

  it('knows a relay however its URL is spelt', () => {
    const { registry, urls } = aRegistry();
    const url = registry.add('WSS://A.example:443', 'caller');
    expect(url).toBe('wss://a.example/');
    expect(registry.add('wss://a.example/#fragment', 'caller')).toBe(url);
    expect(urls()).toHaveLength(2);
    expect(registry.remove('wss://A.EXAMPLE')).toBe(true);
    expect(registry.remove('wss://a.example/')).toBe(false);
    expect(urls().at(-1)).toEqual([]);
  });

  it('refuses what is no relay URL, and changes nothing', () => {
    const { registry, urls } = aRegistry();
    expect(() => registry.add('https://a.example', 'caller')).toThrow(RelayUrlError);
    expect(() => registry.add('ws://192.168.0.1', 'event')).toThrow(RelayUrlError);
    expect(() => registry.remove('nonsense')).toThrow(RelayUrlError);
    expect(() => registry.revive('nonsense')).toThrow(RelayUrlError);
    expect(urls()).toEqual([[]]);
  });

  it('takes no more relays from events than it may, and counts no relay of the caller', () => {
    const { registry, last } = aRegistry({ maxRelaysFromEvents: 1 });
    registry.add('wss://a.example', 'caller');
    registry.add('wss://a.example', 'event');
    registry.add('wss://b.example', 'event');
    expect(() => registry.add('wss://c.example', 'event')).toThrow(PoolError);
    registry.add('wss://b.example', 'caller');
    registry.add('wss://c.example', 'event');
    expect(last().map(({ url }) => url)).toEqual(['wss://a.example/', 'wss://b.example/', 'wss://c.example/']);
  });

  it('closes the connection of a relay that is removed, and forgets what it was', async () => {
    const { registry, network, time, use, last } = aRegistry();
    const far = network.relay('wss://a.example');
    registry.add(far.url, 'caller');
    use();
    await time.advance(SECOND);
    expect(far.connectionCount).toBe(1);
    registry.remove(far.url);
    await time.advance(SECOND);
    expect(far.connectionCount).toBe(0);
    registry.add(far.url, 'caller');
    expect(last()[0]?.status).toMatchObject({ state: 'disconnected', counters: { connects: 0 } });
    expect(await time.settle()).toBe(true);
    expect(time.actions).toHaveLength(0);
  });

  it('closes all, completes its streams, and leaves nothing scheduled', async () => {
    const { registry, network, time, use } = aRegistry();
    const far = [network.relay('wss://a.example'), network.relay('wss://b.example', { faults: { refuse: true } })];
    for (const { url } of far) registry.add(url, 'caller');
    const [relays, statuses] = [hear(registry.relays$), hear(registry.statuses$)];
    const uses = use();
    await time.advance(SECOND);
    registry.close();
    expect([relays.completed, statuses.completed]).toEqual([true, true]);
    expect(uses.every(({ closed }) => closed)).toBe(true);
    expect(await time.settle()).toBe(true);
    expect(time.actions).toHaveLength(0);
    expect(far[0]?.connectionCount).toBe(0);
    expect(hear(registry.statuses$).completed).toBe(true);
  });

  describe('statuses$', () => {
    it('tells how the relays are, in the order in which they were added, now and after each change', async () => {
      const { registry, network, time, use } = aRegistry();
      const statuses = hear(registry.statuses$);
      expect(statuses.values).toEqual([[]]);
      network.relay('wss://a.example');
      network.relay('wss://b.example', { faults: { refuse: true } });
      registry.add('wss://b.example', 'caller');
      registry.add('wss://a.example', 'caller');
      expect(states(statuses.values.at(-1))).toEqual(['disconnected', 'disconnected']);
      const uses = use();
      expect(states(statuses.values.at(-1))).toEqual(['connecting', 'connecting']);
      await time.advance(50);
      expect(states(statuses.values.at(-1))).toEqual(['disconnected', 'connected']);
      expect(statuses.values.at(-1)?.[0]?.error?.code).toBe('connect-failed');
      for (const user of uses) user.unsubscribe();
      registry.close();
    });

    it('brings counters up to date while a relay is connected, and rests when nothing changes', async () => {
      const { registry, network, time, use } = aRegistry();
      const far = network.relay('wss://a.example');
      registry.add(far.url, 'caller');
      use();
      const statuses = hear(registry.statuses$);
      await time.advance(SECOND);
      const before = statuses.values.length;
      far.flood({ kind: 'notice', count: 3 });
      await time.advance(300);
      expect(statuses.values.at(-1)?.[0]?.counters.notices).toBe(3);
      await time.advance(MINUTE);
      expect(statuses.values).toHaveLength(before + 1);
      registry.close();
    });

    it('runs no timer that nobody watches, or while no relay is connected', async () => {
      const { registry, network, time } = aRegistry();
      network.relay('wss://a.example');
      registry.add('wss://a.example', 'caller');
      const watching = hear(registry.statuses$).subscription;
      expect(time.actions).toHaveLength(0);
      watching.unsubscribe();
      const use = registry.relays$.subscribe((relays) => relays[0]?.lease(USE).subscribe());
      await time.advance(SECOND);
      const idle = time.actions.length;
      hear(registry.statuses$).subscription.unsubscribe();
      expect(time.actions).toHaveLength(idle);
      use.unsubscribe();
      registry.close();
    });
  });

  describe('revive', () => {
    it('makes one relay or all of them try soon', async () => {
      const { registry, network, time, use, last } = aRegistry();
      const far = ['wss://a.example', 'wss://b.example', 'wss://c.example'].map((url) => network.relay(url));
      for (const relay of far) {
        relay.stop();
        registry.add(relay.url, 'caller');
      }
      // One that works, so that none is revived by another.
      registry.add(network.relay('wss://d.example').url, 'caller');
      use();
      const down = (): RelayStatus[] =>
        last()
          .map(({ status }) => status)
          .slice(0, 3);
      const shortest = (): number => Math.min(...down().map(({ retryAt = 0 }) => retryAt - time.now()));
      await time.until(() => shortest() > 10 * SECOND, HOUR);
      for (const relay of far) relay.restart();
      registry.revive('wss://A.example');
      await time.advance(1_100);
      expect(states(down())).toEqual(['connected', 'failed', 'failed']);
      registry.revive();
      await time.advance(1_100);
      expect(states(down())).toEqual(['connected', 'connected', 'connected']);
      registry.close();
    });

    it('comes by itself when everything had failed and one relay is back', async () => {
      const { registry, network, time, use, last } = aRegistry();
      const far = ['wss://a.example', 'wss://b.example', 'wss://c.example'].map((url) => network.relay(url));
      for (const relay of far) registry.add(relay.url, 'caller');
      use();
      await time.advance(MINUTE);
      for (const relay of far) relay.stop();
      await time.advance(3 * HOUR);
      for (const relay of far) relay.restart();
      const connected = (): number => last().filter(({ status }) => status.state === 'connected').length;
      await time.until(() => connected() > 0, 5 * MINUTE);
      await time.advance(1_100);
      expect(connected()).toBe(3);
      registry.close();
    });

    it('does not come while another relay works: then it was not us', async () => {
      const { registry, network, time, use, last } = aRegistry();
      const [one, two, three] = ['wss://a.example', 'wss://b.example', 'wss://c.example'].map((url) =>
        network.relay(url),
      );
      for (const relay of network.relays) registry.add(relay.url, 'caller');
      three?.stop();
      use();
      const retryAt = (): number => last()[2]?.status.retryAt ?? 0;
      await time.until(() => retryAt() - time.now() > 30 * SECOND, HOUR);
      const due = retryAt();
      one?.drop();
      await time.advance(5 * SECOND);
      expect(states(last().map(({ status }) => status))).toEqual(['connected', 'connected', 'failed']);
      expect(retryAt()).toBe(due);
      expect(two?.connectionCount).toBe(1);
      registry.close();
    });

    it('does not come from relays that flap: together they are dialled as rarely as each alone', async () => {
      const { registry, network, time, use } = aRegistry();
      const opened = [0, 0, 0];
      opened.forEach((_, index) => {
        const far = network.relay(`wss://flapping${index}.example`);
        far.connectionCount$.subscribe((count) => {
          if (count === 0) return;
          opened[index] = (opened[index] ?? 0) + 1;
          time.schedule(() => far.drop(), 500);
        });
        registry.add(far.url, 'caller');
      });
      use();
      await time.advance(HOUR);
      for (const count of opened) {
        expect(count).toBeGreaterThan(30);
        expect(count).toBeLessThan(300);
      }
      registry.close();
    });
  });

  describe('the signer', () => {
    /** How often the signer was asked by relays with the given origins, in this order. */
    async function asked(options: RegistryOptions, origin: 'caller' | 'event'): Promise<number> {
      let count = 0;
      const signer = testSigner(testKey(0));
      const { registry, network, time, last } = aRegistry({
        ...options,
        signer: {
          signEvent: (template) => {
            count++;
            return signer.signEvent(template);
          },
        },
      });
      const far = network.relay('wss://a.example', { auth: { read: true } });
      registry.add(far.url, origin);
      last()[0]
        ?.lease(USE)
        .subscribe((link) => 'connection' in link && link.connection.request({ kinds: [1] }).subscribe());
      await time.advance(5 * SECOND);
      expect(far.connectionCount).toBe(1);
      registry.close();
      return count;
    }

    it('is asked for relays of the caller alone', async () => {
      expect(await asked({}, 'caller')).toBe(1);
      expect(await asked({}, 'event')).toBe(0);
    });

    it('is asked for those that mayAuthenticate names, whoever added them', async () => {
      const seen: RelayUrl[] = [];
      const mayAuthenticate = (relay: RelayUrl): boolean => seen.push(relay) > 0;
      expect(await asked({ mayAuthenticate }, 'event')).toBe(1);
      expect(new Set(seen)).toEqual(new Set(['wss://a.example/']));
      expect(await asked({ mayAuthenticate: () => false }, 'caller')).toBe(0);
    });

    it('is not asked, and the relay is dialled all the same, when mayAuthenticate throws', async () => {
      const broken = (): never => {
        throw new Error('the app is broken');
      };
      expect(await asked({ mayAuthenticate: broken }, 'caller')).toBe(0);
    });
  });
});
