import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { remoteSource, type RemoteSource } from '../../src/dashboard/remote-source.ts';
import { anExplanation, aRelay, metricsAt } from '../support/dashboard-states.ts';

/** An EventSource by hand. */
class Events extends EventTarget {
  static readonly CLOSED = 2;
  static made: Events[] = [];
  readyState = 0;
  onopen: (() => void) | undefined;
  onerror: (() => void) | undefined;

  constructor(readonly url: URL) {
    super();
    Events.made.push(this);
  }

  close(): void {
    this.readyState = 2;
  }

  opens(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  /** @param isOver - Whether the platform gives up, as it does after an answer that is no stream. */
  fails(isOver: boolean): void {
    this.readyState = isOver ? 2 : 0;
    this.onerror?.();
  }

  tells(name: string, value: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(value) }));
  }
}

const latest = (): Events => Events.made.at(-1) as Events;
const open = (fetch?: typeof globalThis.fetch): RemoteSource =>
  remoteSource('http://127.0.0.1:8080/', { EventSource: Events as unknown as typeof EventSource, fetch });

function hear<T>(stream: {
  subscribe(observer: { next: (value: T) => void; complete: () => void }): unknown;
}): (T | 'end')[] {
  const heard: (T | 'end')[] = [];
  stream.subscribe({ next: (value) => heard.push(value), complete: () => heard.push('end') });
  return heard;
}

describe('remoteSource', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    Events.made = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells what the server tells, the latest to those who come late', () => {
    const source = open();
    expect(latest().url.href).toBe('http://127.0.0.1:8080/events');
    const relays = hear(source.relays$);
    latest().opens();
    latest().tells('relays', [aRelay('a')]);
    latest().tells('relays', [aRelay('b')]);
    latest().tells('metrics', metricsAt(5));
    latest().tells('calls', [anExplanation(1)]);
    expect(relays).toMatchObject([[{ url: 'wss://a.example/' }], [{ url: 'wss://b.example/' }]]);
    expect(hear(source.relays$)).toMatchObject([[{ url: 'wss://b.example/' }]]);
    expect(hear(source.metrics$)).toMatchObject([{ at: 5 }]);
    expect(source.explanations).toMatchObject([{ call: 1 }]);
  });

  it('says whether it is connected, and tries again where the platform does not', () => {
    const source = open();
    const states = hear(source.isConnected$ ?? source.relays$);
    latest().opens();
    latest().fails(false);
    vi.advanceTimersByTime(60_000);
    expect(Events.made).toHaveLength(1);
    latest().opens();
    latest().fails(true);
    vi.advanceTimersByTime(1_999);
    expect(Events.made).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(Events.made).toHaveLength(2);
    latest().opens();
    latest().tells('relays', [aRelay('a')]);
    expect(hear(source.relays$)).toHaveLength(1);
    expect(states).toEqual([true, false, true, false, true]);
  });

  it('hangs up when it is closed, and tries no more', () => {
    const source = open();
    const heard = hear(source.relays$);
    latest().fails(true);
    source.close();
    expect(heard).toEqual(['end']);
    expect(vi.getTimerCount()).toBe(0);
    const other = open();
    const events = latest();
    other.close();
    expect(events.readyState).toBe(2);
  });

  it('asks for explanations; undefined where there is none, an error where there is no answer', async () => {
    const asked: string[] = [];
    const source = open(async (input) => {
      const { href, searchParams } = input as URL;
      asked.push(href);
      const call = searchParams.get('call') ?? '';
      if (call === 'x&y') return new Response('no', { status: 500 });
      return call === '1' ? Response.json(anExplanation(1)) : new Response('null', { status: 404 });
    });
    expect(await source.explain('1')).toEqual(anExplanation(1));
    expect(await source.explain('2')).toBeUndefined();
    await expect(source.explain('x&y')).rejects.toThrow('the server says 500');
    expect(asked).toEqual(['1', '2', 'x%26y'].map((call) => `http://127.0.0.1:8080/explain?call=${call}`));
    source.close();
  });
});
