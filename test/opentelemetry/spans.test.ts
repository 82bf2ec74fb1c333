import { context, diag, DiagLogLevel, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { take } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { signedEvent, testKey } from '../../src/testing/index.ts';
import { instrumentedWorld } from '../support/instrumented-world.ts';
import { AsyncContexts } from '../support/telemetry.ts';
import { hear } from '../support/world.ts';

const SECOND = 1_000;
const NOTES = { kinds: [1] };
const note = (content: string) => signedEvent({ content, created_at: 1_000 }, testKey(0));
const relay1 = {
  'nostr.relay.url': 'wss://relay1.test/',
  'server.address': 'relay1.test',
  'server.port': 443,
  'network.protocol.name': 'websocket',
};

/** What the API says of wrong use, as of a span that is written to when it has ended. */
const warnings: string[] = [];
const warn = (message: string) => warnings.push(message);

beforeAll(() => {
  context.setGlobalContextManager(new AsyncContexts());
  const unheard = () => undefined;
  diag.setLogger({ error: warn, warn, info: unheard, debug: unheard, verbose: unheard }, DiagLogLevel.WARN);
});
afterEach(() => expect(warnings.splice(0)).toEqual([]));
afterAll(() => {
  context.disable();
  diag.disable();
});

describe('the span of a call', () => {
  it.each([false, true])('has the parent that was active when it was subscribed to (alone: %s)', async (alone) => {
    const { pool, time, tracerProvider, spans } = instrumentedWorld([{}], { alone });
    const tracer = tracerProvider.getTracer('app');
    for (const name of ['first', 'second']) {
      const parent = tracer.startSpan(name);
      context.with(trace.setSpan(ROOT_CONTEXT, parent), () =>
        hear(pool.request({ kinds: [1, name.length] }, { id: name })),
      );
      parent.end();
    }
    await time.advance(SECOND);
    const byName = (name: string) => spans(name)[0];
    for (const [index, name] of ['first', 'second'].entries()) {
      const call = spans('nostr.request')[index];
      expect(call?.attributes['nostr.call.id']).toBe(name);
      expect(call?.parentSpanContext?.spanId).toBe(byName(name)?.spanContext().spanId);
      expect(call?.spanContext().traceId).toBe(byName(name)?.spanContext().traceId);
      const exchange = spans('REQ relay1.test')[index];
      expect(exchange?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId);
    }
    pool.close();
  });

  it('says what was asked, of how many, and how many answered', async () => {
    const { pool, time, relay, spans } = instrumentedWorld([{}, { faults: { noEose: true } }]);
    relay.seed(note('a'));
    hear(pool.request([{ kinds: [1, 7] }, { kinds: [1] }], { id: 'feed', priority: 'low', silenceTimeout: 500 }));
    await time.advance(SECOND);
    const [call, ...others] = spans('nostr.request');
    expect(others).toEqual([]);
    expect(call).toMatchObject({
      kind: SpanKind.INTERNAL,
      status: { code: SpanStatusCode.UNSET },
      instrumentationScope: { name: 'rx-relay-pool' },
    });
    expect(call?.attributes).toEqual({
      'nostr.verb': 'REQ',
      'nostr.priority': 'low',
      'nostr.event.kinds': [1, 7],
      'nostr.call.id': 'feed',
      'nostr.relays.chosen': 2,
      'nostr.relays.answered': 1,
    });
    const [fast, slow] = spans().filter(({ kind }) => kind === SpanKind.CLIENT);
    expect(fast).toMatchObject({ name: 'REQ relay1.test', status: { code: SpanStatusCode.UNSET } });
    expect(fast?.attributes).toEqual({ ...relay1, 'nostr.verb': 'REQ', 'nostr.priority': 'low' });
    expect(fast?.events.map(({ name }) => name)).toEqual(['sent', 'first event']);
    expect(slow).toMatchObject({
      name: 'REQ relay2.test',
      status: { code: SpanStatusCode.ERROR, message: expect.stringContaining('no answer within 500 ms') as string },
    });
    expect(slow?.attributes['error.type']).toBe('silent');
    pool.close();
  });

  it('is an error where a publish is refused everywhere', async () => {
    const { pool, time, relays, spans } = instrumentedWorld([{}, {}]);
    const reason = `blocked: ${'no '.repeat(200)}`;
    for (const { faults } of relays) faults.rejectedWith = reason;
    const event = note('a');
    hear(pool.publish(event));
    await time.advance(SECOND);
    const [publish] = spans('nostr.publish');
    expect(publish?.status).toEqual({ code: SpanStatusCode.ERROR, message: reason.slice(0, 200) });
    expect(publish?.attributes).toEqual({
      'nostr.verb': 'EVENT',
      'nostr.priority': 'high',
      'nostr.event.kinds': [1],
      'nostr.event.id': event.id,
      'nostr.relays.chosen': 2,
      'nostr.relays.answered': 0,
      'error.type': 'refused',
    });
    const [sent] = spans('EVENT relay1.test');
    expect(sent?.status).toEqual({ code: SpanStatusCode.ERROR, message: reason.slice(0, 200) });
    expect(sent?.attributes).toEqual({
      ...relay1,
      'nostr.verb': 'EVENT',
      'nostr.priority': 'high',
      'error.type': 'blocked',
    });
    pool.close();
  });

  it('is no error where one relay accepts it; with trouble of several kinds the type is _OTHER', async () => {
    const { pool, time, relays, spans } = instrumentedWorld([{}, {}]);
    const [first, second] = relays;
    if (!first || !second) throw new Error('two relays');
    first.faults.rejectedWith = 'blocked: no';
    hear(pool.publish(note('a')));
    await time.advance(SECOND);
    expect(spans('nostr.publish')[0]).toMatchObject({
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'nostr.relays.chosen': 2, 'nostr.relays.answered': 1 },
    });
    second.faults.noOk = true;
    hear(pool.publish(note('b'), { deadline: 500 }));
    await time.advance(SECOND);
    expect(spans('nostr.publish')[1]).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'nostr.relays.answered': 0, 'error.type': '_OTHER' },
    });
    pool.close();
  });

  it('is one for a count, and for a sync', async () => {
    const { pool, time, spans } = instrumentedWorld();
    hear(pool.count(NOTES));
    hear(pool.sync(NOTES, { list: () => [], get: () => [], put: () => undefined }));
    await time.advance(SECOND);
    expect(spans('nostr.count')[0]?.attributes).toMatchObject({ 'nostr.verb': 'COUNT', 'nostr.relays.answered': 1 });
    expect(spans('COUNT relay1.test')[0]?.parentSpanContext?.spanId).toBe(
      spans('nostr.count')[0]?.spanContext().spanId,
    );
    expect(spans('nostr.sync')).toHaveLength(1);
    expect(spans('NEG-OPEN relay1.test')[0]?.parentSpanContext?.spanId).toBe(
      spans('nostr.sync')[0]?.spanContext().spanId,
    );
    pool.close();
  });

  it('ends with a subscription, which is no error', async () => {
    const { pool, time, relay, spans } = instrumentedWorld();
    const { subscription } = hear(pool.subscribe(NOTES));
    await time.advance(SECOND);
    relay.add(note('live'));
    await time.advance(SECOND);
    expect(spans('nostr.request')).toEqual([]);
    expect(spans('REQ relay1.test')).toHaveLength(1);
    subscription.unsubscribe();
    expect(spans('nostr.request')[0]).toMatchObject({
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'nostr.relays.answered': 1 },
    });
    pool.close();
  });
});

describe('the span of an exchange', () => {
  it('says what ended the connection; the next one is another exchange of the call', async () => {
    const { pool, time, relay, spans } = instrumentedWorld([{ faults: { noEose: true } }]);
    hear(pool.request(NOTES));
    await time.advance(SECOND);
    relay.faults.noEose = false;
    relay.drop();
    await time.advance(10 * SECOND);
    const [lost, again] = spans('REQ relay1.test');
    expect(lost).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'connection-lost' },
    });
    expect(again?.status).toEqual({ code: SpanStatusCode.UNSET });
    const id = spans('nostr.request')[0]?.spanContext().spanId;
    expect([lost, again].map((span) => span?.parentSpanContext?.spanId)).toEqual([id, id]);
    pool.close();
  });

  it('says that its caller took it back', async () => {
    const { pool, time, relay, spans } = instrumentedWorld([{ faults: { noEose: true } }]);
    relay.seed(note('a'));
    hear(pool.request(NOTES).pipe(take(1)));
    await time.advance(100);
    expect(spans('REQ relay1.test')[0]).toMatchObject({
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'nostr.cancelled': true },
    });
    expect(spans('nostr.request')[0]?.status).toEqual({ code: SpanStatusCode.UNSET });
    pool.close();
  });

  it('of one that gets no turn has no event `sent`', async () => {
    const { pool, time, spans } = instrumentedWorld([{ faults: { noEose: true } }], {
      alone: true,
      breaker: { consecutiveFailures: 1, openTime: 60_000, jitter: 0 },
    });
    hear(pool.request(NOTES, { silenceTimeout: 100 }));
    await time.advance(SECOND);
    hear(pool.request(NOTES));
    await time.advance(SECOND);
    const [, refused] = spans('REQ relay1.test');
    expect(refused).toMatchObject({ events: [], attributes: { 'error.type': 'circuit-open' } });
    pool.close();
  });

  it('of an answer that never ends ends with the time for it', async () => {
    const { pool, time, relay, spans } = instrumentedWorld([{ faults: { noEose: true } }]);
    const { subscription } = hear(pool.subscribe(NOTES, { deadline: SECOND, silenceTimeout: 900 }));
    for (let i = 0; i < 20; i++) {
      await time.advance(100);
      relay.add(note(`${i}`));
    }
    expect(spans('REQ relay1.test')[0]).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'deadline' },
    });
    subscription.unsubscribe();
    pool.close();
  });
});

describe('the caller that observes calls too', () => {
  it('is told', async () => {
    const seen: string[] = [];
    const { pool, time, spans } = instrumentedWorld([{}], {
      observeCall: ({ verb }) => {
        seen.push(`${verb} begins`);
        return ({ relays }) => seen.push(`${verb} ends at ${relays.length}`);
      },
    });
    hear(pool.publish(note('a')));
    await time.advance(SECOND);
    expect(seen).toEqual(['EVENT begins', 'EVENT ends at 1']);
    expect(spans('nostr.publish')).toHaveLength(1);
    pool.close();
  });
});
