import { describe, expect, it } from 'vitest';
import { processUsage } from '../../src/sources/process-usage.ts';

describe('processUsage', () => {
  it('tells the heap, the resident memory and the share of a core since the look before', () => {
    let spent = { user: 1_000_000, system: 500_000 }; // microseconds
    const look = processUsage({
      process: { memoryUsage: () => ({ heapUsed: 10, rss: 20 }), cpuUsage: () => spent },
    });
    expect(look(0)).toEqual({ heapBytes: 10, residentBytes: 20, cpu: undefined });
    spent = { user: 1_200_000, system: 800_000 };
    expect(look(1_000)).toEqual({ heapBytes: 10, residentBytes: 20, cpu: 0.5 });
    expect(look(2_000).cpu).toBe(0);
  });

  it('tells no share where no time has passed', () => {
    const look = processUsage({ process: { cpuUsage: () => ({ user: 1, system: 1 }) } });
    look(5);
    expect(look(5).cpu).toBeUndefined();
    expect(look(4).cpu).toBeUndefined();
  });

  it('tells the heap where only the page does', () => {
    const look = processUsage({ performance: { memory: { usedJSHeapSize: 30 } } });
    expect(look(0)).toEqual({ heapBytes: 30, residentBytes: undefined, cpu: undefined });
  });

  it('tells nothing where the platform does not', () => {
    expect(processUsage({})(0)).toEqual({ heapBytes: undefined, residentBytes: undefined, cpu: undefined });
    expect(processUsage({ process: {}, performance: {} })(0).heapBytes).toBeUndefined();
  });

  it('knows this process', () => {
    expect(processUsage()(0).residentBytes).toBeGreaterThan(2 ** 20);
  });
});
