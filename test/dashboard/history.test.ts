import { describe, expect, it } from 'vitest';
import { KEPT, LatencyHistory } from '../../src/dashboard/history.ts';
import { aMeasuredRelay, measurements, metricsAt, summary } from '../support/dashboard-states.ts';

const at = (second: number, ms: number, ...relays: readonly string[]) => {
  const latency = { connect: undefined, firstEvent: undefined, eose: summary(ms), ok: undefined };
  return metricsAt(second * 1_000, {
    all: measurements({ latency }),
    relays: relays.map((name) => aMeasuredRelay(name, { latency: { ...latency, ok: summary(ms + 1) } })),
  });
};

describe('LatencyHistory', () => {
  it('plots what was measured, oldest first, each latency and each relay apart', () => {
    const history = new LatencyHistory();
    expect(history.plot('eose')).toEqual([[], [], [], []]);
    history.add(at(1, 10, 'a'));
    history.add(metricsAt(2_000));
    history.add(at(3, 30, 'a'));
    expect(history.plot('eose')).toEqual([
      [1, 2, 3],
      [10, null, 30],
      [20, null, 60],
      [30, null, 90],
    ]);
    expect(history.plot('connect')[1]).toEqual([null, null, null]);
    // The relay was away in between: what was before it left is forgotten.
    expect(history.plot('ok', 'wss://a.example/')[1]).toEqual([null, null, 31]);
    expect(history.plot('eose', 'wss://b.example/').slice(1)).toEqual([
      Array(3).fill(null),
      Array(3).fill(null),
      Array(3).fill(null),
    ]);
  });

  it('keeps so many readings, the latest', () => {
    const history = new LatencyHistory();
    for (let second = 1; second <= 3 * KEPT + 7; second++) history.add(at(second, second, 'a'));
    const [times, p50] = history.plot('eose', 'wss://a.example/');
    expect(times).toEqual(Array.from({ length: KEPT }, (_, index) => 2 * KEPT + 8 + index));
    expect(p50).toEqual(times);
    expect(history.count).toBe(3 * KEPT + 7);
  });

  it('a relay that came late has nothing before, also where the ring was round already', () => {
    const history = new LatencyHistory();
    for (let second = 1; second <= KEPT + 5; second++) history.add(at(second, 5));
    history.add(at(KEPT + 6, 5, 'late'));
    const [, p50 = []] = history.plot('eose', 'wss://late.example/');
    expect(p50.filter((value) => value !== null)).toEqual([5]);
    expect(p50.at(-1)).toBe(5);
  });

  it('has a history of 200 relays at most', () => {
    const history = new LatencyHistory();
    const names = Array.from({ length: 220 }, (_, n) => `r${n}`);
    for (let second = 1; second <= 2; second++) history.add(at(second, 5, ...names));
    const known = names.filter((name) => history.plot('eose', `wss://${name}.example/`)[1]?.[0] === 5);
    expect(known).toHaveLength(200);
    // Those that leave make room.
    history.add(at(3, 5, ...names.slice(150)));
    expect(history.plot('eose', 'wss://r219.example/')[1]).toEqual([null, null, 5]);
  });
});
