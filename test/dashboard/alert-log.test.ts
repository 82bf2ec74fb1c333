import { describe, expect, it } from 'vitest';
import { AlertLog, MOST_ALERTS } from '../../src/dashboard/alert-log.ts';
import { aRelay, measurements, metricsAt } from '../support/dashboard-states.ts';

const LOST = { state: 'disconnected', error: { code: 'connection-lost', message: 'gone' } } as const;
const said = (log: AlertLog) => log.alerts.map(({ at, level, text }) => `${at} ${level} ${text}`);

describe('AlertLog', () => {
  it('tells what begins and ends at a relay, once each, the latest first', () => {
    const log = new AlertLog();
    const seen = (at: number, but: Parameters<typeof aRelay>[1] = {}): void =>
      log.relaysChanged([aRelay('a', but), aRelay('b')], at);
    seen(0);
    expect(said(log)).toEqual([]);
    for (const at of [1, 2]) seen(at, LOST);
    seen(3, { ...LOST, state: 'connecting' });
    seen(4, { ...LOST, circuit: 'open' });
    seen(5, { ...LOST, circuit: 'half-open' });
    seen(6);
    seen(7, { isReduced: true });
    seen(8);
    expect(said(log)).toEqual([
      '8 good a.example is fast enough again',
      '7 warning a.example answers too slowly: it is given less to do',
      '6 good a.example has proved itself: its circuit breaker is closed',
      '6 good a.example is connected again',
      '4 bad a.example fails too often: its circuit breaker is open',
      '1 bad a.example is lost: connection-lost',
    ]);
    expect(log.count).toBe(6);
    expect(log.alerts.map(({ number }) => number)).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it('tells of a relay that failed, and of one that was dropped for what it sent', () => {
    const log = new AlertLog();
    log.relaysChanged([aRelay('a', { ...LOST, state: 'failed' }), aRelay('b', { quarantinedUntil: 9 })], 1);
    log.relaysChanged([aRelay('a', { ...LOST, state: 'connecting' }), aRelay('b')], 2);
    expect(said(log)).toEqual([
      '2 warning b.example is no longer left alone',
      '1 bad b.example was dropped for what it sent, and is left alone for a while',
      '1 bad a.example has failed every attempt; it is tried rarely now',
      '1 bad a.example is lost: connection-lost',
    ]);
  });

  it('does not call it back again when nobody needs it any more', () => {
    const log = new AlertLog();
    log.relaysChanged([aRelay('a', LOST)], 1);
    log.relaysChanged([aRelay('a', { state: 'disconnected' })], 2);
    expect(log.count).toBe(1);
  });

  it('says when no relay can be reached, where there are several', () => {
    const log = new AlertLog();
    log.relaysChanged([aRelay('a', LOST)], 1);
    log.relaysChanged([aRelay('a', LOST), aRelay('b', LOST)], 2);
    log.relaysChanged([aRelay('a', LOST), aRelay('b', { ...LOST, state: 'connecting' })], 3);
    log.relaysChanged([aRelay('a', LOST), aRelay('b')], 4);
    expect(said(log).filter((line) => !line.includes('.example'))).toEqual([
      '4 good relays can be reached again',
      '2 bad no relay can be reached: it may be this side that is offline',
    ]);
  });

  it('forgets what held of a relay that is gone', () => {
    const log = new AlertLog();
    log.relaysChanged([aRelay('a', LOST), aRelay('b')], 1);
    // Another has taken its place.
    log.relaysChanged([aRelay('c'), aRelay('b')], 2);
    log.relaysChanged([aRelay('a', LOST), aRelay('b')], 3);
    expect(said(log)).toEqual(['3 bad a.example is lost: connection-lost', '1 bad a.example is lost: connection-lost']);
  });

  it('tells of messages without an answer and of long queues, and does not flutter between', () => {
    const log = new AlertLog();
    const depths = (low: number) => {
      const none = { depth: 0, wait: undefined };
      return {
        critical: none,
        high: none,
        normal: { depth: 1, wait: undefined },
        low: { depth: low, wait: undefined },
      };
    };
    const measured = (at: number, messageErrorRate: number, low: number): void =>
      log.measured(metricsAt(at, { all: measurements({ messageErrorRate, queue: depths(low) }) }));
    measured(1, 0.19, 98);
    expect(log.count).toBe(0);
    measured(2, 0.2, 99);
    for (const [at, rate, low] of [
      [3, 0.15, 60],
      [4, 0.25, 120],
      [5, 0.1, 49],
    ] as const)
      measured(at, rate, low);
    expect(log.count).toBe(2);
    measured(6, 0.09, 48);
    expect(said(log)).toEqual([
      '6 good the queue is short again',
      '6 good nearly all messages get an answer again',
      '2 warning 100 messages wait for their turn',
      '2 bad 20 % of the messages of the last minute got no answer',
    ]);
  });

  it('tells when the source is out of reach', () => {
    const log = new AlertLog();
    for (const [at, isConnected] of [true, false, false, true].entries()) log.connected(isConnected, at);
    expect(log.alerts.map(({ at, level }) => [at, level])).toEqual([
      [3, 'good'],
      [1, 'bad'],
    ]);
  });

  it('keeps so many, the latest', () => {
    const log = new AlertLog();
    for (let n = 0; n < MOST_ALERTS; n++) {
      log.relaysChanged([aRelay('a', LOST)], 2 * n);
      log.relaysChanged([aRelay('a')], 2 * n + 1);
    }
    expect(log.count).toBe(2 * MOST_ALERTS);
    expect(log.alerts).toHaveLength(MOST_ALERTS);
    expect(log.alerts[0]?.at).toBe(2 * MOST_ALERTS - 1);
  });
});
