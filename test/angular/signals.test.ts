import { angularApp } from '../support/angular-app.ts';
import { createEnvironmentInjector, effect, runInInjectionContext, signal } from '@angular/core';
import { describe, expect, it } from 'vitest';
import { eventsSignal, injectRelayPool, provideRelayPool, relaysSignal } from '../../src/angular/index.ts';
import type { EventFilter } from '../../src/pool/event-list.ts';
import type { Verifier } from '../../src/verifiers/verifier.ts';
import { got, reqs } from '../support/asked.ts';
import { burstOf } from '../support/burst.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { contents, world, type World } from '../support/world.ts';

const NOTES: EventFilter = { kinds: [1] };

/** An application whose pool has the relays of a world. */
function appOf({ network, time }: World, platform: 'browser' | 'server' = 'browser', verifier?: Verifier) {
  const relays = network.relays.map(({ url }) => url);
  const options = {
    relays,
    scheduler: time,
    random: () => 0.5,
    WebSocket: network.WebSocket,
    idleTimeout: 0,
    verifier,
  };
  return angularApp(platform, provideRelayPool(options));
}

describe('without zone.js', () => {
  it('is where these tests run', () => expect('Zone' in globalThis).toBe(false));
});

describe('eventsSignal', () => {
  it('is stored, then live events, newest first', async () => {
    const there = world();
    const { time, relay, note } = there;
    relay.seed([note('older', { age: 20 }), note('newer', { age: 10 })]);
    using app = appOf(there);
    const notes = runInInjectionContext(app.injector, () => eventsSignal(NOTES, { scheduler: time }));
    expect(notes()).toEqual([]);
    await time.advance(1_000);
    expect(contents(notes())).toEqual(['newer', 'older']);
    relay.add(note('live'));
    await time.advance(1_000);
    expect(contents(notes())).toEqual(['live', 'newer', 'older']);
  });

  it('changes once a frame at most: 1,000 events in one burst, none lost, none twice', async () => {
    const there = world({ relays: 2 });
    const { time, relays } = there;
    using app = appOf(there, 'browser', zerosVerifier);
    const { injector } = app;
    const notes = eventsSignal(NOTES, { scheduler: time, injector });
    await time.advance(1_000);
    const lists = new Set<unknown>();
    const ran: number[] = [];
    effect(() => void ran.push(notes().length), { injector });
    const burst = burstOf(1_000, Math.floor(time.now() / 1_000));
    for (const event of burst) for (const relay of relays) relay.add(event);
    for (let step = 0; step < 100; step++) {
      await time.advance(4);
      lists.add(notes());
      app.tick();
    }
    expect(contents(notes())).toEqual(contents(burst));
    expect(lists.size).toBeLessThanOrEqual(10);
    expect(ran.length).toBeLessThanOrEqual(10);
  });

  it('asks anew when its filter, a signal, changes, and keeps what matches', async () => {
    const there = world();
    const { time, relay, note } = there;
    relay.seed([note('note'), note('reaction', { kind: 7, age: 1 })]);
    using app = appOf(there);
    const { injector } = app;
    const kinds = signal([1]);
    const filter = signal<EventFilter>({ kinds: kinds() });
    const events = eventsSignal(filter, { scheduler: time, injector });
    app.tick();
    await time.advance(1_000);
    expect(contents(events())).toEqual(['note']);
    filter.set({ kinds: [1, 7] });
    app.tick();
    expect(contents(events())).toEqual(['note']);
    await time.advance(1_000);
    expect(contents(events())).toEqual(['note', 'reaction']);
    // The same in other words.
    filter.set([{ kinds: [7, 1] }]);
    app.tick();
    await time.advance(1_000);
    expect(reqs(relay)).toEqual([[{ kinds: [1] }], [{ kinds: [1, 7] }]]);
    expect(got([relay], 'CLOSE')).toEqual([1]);
  });

  it('ends with the injector that it was made in; the pool goes on', async () => {
    const there = world();
    const { time, relay } = there;
    using app = appOf(there);
    const component = createEnvironmentInjector([], app.injector);
    runInInjectionContext(component, () => eventsSignal(NOTES));
    await time.advance(1_000);
    expect(relay.subscriptionCount).toBe(1);
    component.destroy();
    await time.advance(1_000);
    expect(relay.subscriptionCount).toBe(0);
    expect(got([relay], 'CLOSE')).toEqual([1]);
    runInInjectionContext(app.injector, () => eventsSignal(NOTES));
    await time.advance(1_000);
    expect(relay.subscriptionCount).toBe(1);
  });

  it('says a wrong filter to who reads it, and a wrong limit at once', async () => {
    using app = appOf(world());
    const { injector } = app;
    expect(eventsSignal({ kinds: [-1] }, { injector })).toThrow("'kinds'");
    expect(() => eventsSignal(NOTES, { injector, limit: 0 })).toThrow(RangeError);
  });

  it('needs an injection context, or an injector', () => {
    expect(() => eventsSignal(NOTES)).toThrow('eventsSignal() can only be used within an injection context');
  });

  it.each([['a filter', NOTES] as const, ['a signal', signal(NOTES)] as const])(
    'on a server is empty, and opens no socket, for %s',
    async (_, filter) => {
      const there = world();
      const { time, relay, note } = there;
      relay.seed(note('stored'));
      using app = appOf(there, 'server');
      const { injector } = app;
      const notes = eventsSignal(filter, { injector });
      app.tick();
      await time.advance(1_000);
      expect(notes()).toEqual([]);
      expect(relay.connectionCount).toBe(0);
      expect(relay.received).toEqual([]);
    },
  );
});

describe('relaysSignal', () => {
  it('is how the relays are', async () => {
    const there = world();
    const { time, relay } = there;
    using app = appOf(there);
    const { injector } = app;
    const relays = relaysSignal({ injector, scheduler: time });
    expect(relays().map(({ url, state }) => `${url} ${state}`)).toEqual(['wss://relay1.test/ disconnected']);
    eventsSignal(NOTES, { injector });
    await time.advance(1_000);
    expect(relays()[0]?.state).toBe('connected');
    relay.stop();
    await time.advance(100);
    expect(relays()[0]?.state).not.toBe('connected');
  });

  it('on a server is how they are, and opens no socket', async () => {
    const there = world();
    using app = appOf(there, 'server');
    const { injector } = app;
    const relays = relaysSignal({ injector, scheduler: there.time });
    await there.time.advance(1_000);
    expect(relays()).toHaveLength(1);
    expect(there.relay.connectionCount).toBe(0);
  });
});

describe('the pool', () => {
  it('is one for all of an application, and closes with it', async () => {
    const there = world();
    const { time, relay, note } = there;
    const app = appOf(there);
    const pool = runInInjectionContext(app.injector, injectRelayPool);
    expect(runInInjectionContext(app.injector, injectRelayPool)).toBe(pool);
    const outcomes: string[] = [];
    pool.publish(note('hello')).subscribe(({ accepted, pending }) => outcomes.push(`${accepted} ${pending}`));
    pool.subscribe(NOTES).subscribe({ complete: () => outcomes.push('complete') });
    await time.advance(1_000);
    app[Symbol.dispose]();
    await time.advance(1_000);
    expect(outcomes).toEqual(['0 1', '1 0', 'complete']);
    expect(relay.connectionCount).toBe(0);
  });

  it('is missed with a message that says what to do', async () => {
    using app = angularApp('browser');
    expect(() => runInInjectionContext(app.injector, injectRelayPool)).toThrow('add provideRelayPool({ relays })');
  });
});
