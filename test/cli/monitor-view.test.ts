import { describe, expect, it } from 'vitest';
import { LatencyHistory, type Moment, renderMonitor } from '../../src/cli/monitor-view.ts';
import { inColour, inNoColour } from '../../src/cli/paint.ts';
import { widthOf } from '../../src/cli/text.ts';
import { type PoolMetrics, type PoolRelayStatus, type RelayMetrics, RelayPool, relayUrl } from '../../src/index.ts';
import { firstValueFrom } from 'rxjs';

const urls = ['wss://a.example', 'wss://b.example', 'wss://c.example'].map(relayUrl);

/** What a pool says that did nothing yet. */
async function idle(): Promise<{ statuses: readonly PoolRelayStatus[]; metrics: PoolMetrics }> {
  const pool = new RelayPool({ relays: urls });
  const result = { statuses: await firstValueFrom(pool.relays$), metrics: await firstValueFrom(pool.metrics$) };
  pool.close();
  return result;
}

const summary = (p50: number, p95: number, p99: number) => ({ count: 9, min: 1, mean: p50, p50, p95, p99, max: p99 });
const withLatency = <T extends Pick<RelayMetrics, 'latency'>>(metrics: T, p50: number): T => ({
  ...metrics,
  latency: { ...metrics.latency, eose: summary(p50, 2 * p50, 3 * p50) },
});

describe('renderMonitor', () => {
  async function moment(): Promise<Moment> {
    const { statuses, metrics } = await idle();
    const [first, ...rest] = metrics.relays;
    if (!first) throw new Error('There is a relay.');
    const relays = [{ ...withLatency(first, 80), score: 70 }, ...rest.map((each) => ({ ...each, score: 50 }))];
    const measured = { ...metrics, all: withLatency(metrics.all, 80), relays };
    const history = new LatencyHistory();
    history.add(metrics);
    history.add(measured);
    return { statuses, metrics: measured, history, elapsed: 2_000 };
  }

  it('shows a row for each relay, and plots of all', async () => {
    const lines = renderMonitor(await moment(), 140, 24, inNoColour);
    expect(lines[0]).toBe('3 relays, 0.0 messages/s, 2.0 s; q quits');
    expect(lines[2]).toMatch(
      /^relay +state +breaker +load +p50 +p95 +p99 +score +msg\/s +events +p95 lately +trouble$/,
    );
    expect(lines[3]).toMatch(
      /^wss:\/\/a\.example\/ +disconnected +closed +0\/\d+ +80 ms +160 ms +240 ms +70 +0\.0 +0 +█$/,
    );
    expect(lines[4]).toMatch(/^wss:\/\/b\.example\/ +disconnected +closed +0\/\d+ +- +- +- +50 +0\.0 +0$/);
    expect(lines[7]).toBe('EOSE of all relays, the last 2.0 s, 0 to 240 ms');
    expect(lines.slice(8)).toEqual([
      expect.stringMatching(/^p50 +▃ +80 ms$/),
      expect.stringMatching(/^p95 +▆ +160 ms$/),
      expect.stringMatching(/^p99 +█ +240 ms$/),
    ]);
    expect(renderMonitor({ ...(await moment()), isOver: true }, 140, 24, inNoColour)[0]).not.toContain('q quits');
  });

  it('fits into any terminal: plots go first, then relays, and it says so', async () => {
    const now = await moment();
    for (let height = 1; height < 16; height++) {
      for (let width = 20; width < 150; width += 13) {
        const lines = renderMonitor(now, width, height, inColour);
        expect(lines.length).toBeLessThanOrEqual(height);
        // The columns that never go take 62.
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(width, 62));
      }
    }
    expect(renderMonitor(now, 140, 8, inNoColour)).toHaveLength(6);
    expect(renderMonitor(now, 140, 5, inNoColour).at(-1)).toBe('and 2 more: make the terminal higher');
  });

  it('shows something before anything was measured', async () => {
    const { statuses } = await moment();
    const lines = renderMonitor(
      { statuses, metrics: undefined, history: new LatencyHistory(), elapsed: 0 },
      80,
      24,
      inNoColour,
    );
    expect(lines[0]).toBe('3 relays, measuring, 0 ms; q quits');
  });
});

describe('LatencyHistory', () => {
  it('remembers ten minutes and no more', async () => {
    const { metrics } = await idle();
    const history = new LatencyHistory();
    for (let second = 0; second < 605; second++) history.add({ ...metrics, all: withLatency(metrics.all, second) });
    expect([history.all.length, history.all[0]?.p50, history.all.at(-1)?.p50]).toEqual([600, 5, 604]);
    expect(history.of(metrics.relays[0]?.relay ?? relayUrl('wss://x.example'))).toHaveLength(600);
  });
});
