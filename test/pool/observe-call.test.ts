import { AsyncLocalStorage } from 'node:async_hooks';
import { config } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { PoolCall } from '../../src/pool/pool-call.ts';
import { hear, world } from '../support/world.ts';

const SECOND = 1_000;

describe('observeCall', () => {
  it('is told of each verb when it begins and once when it has ended', async () => {
    const told: string[] = [];
    const { pool, time, note } = world({
      pool: {
        explained: 0,
        observeCall: ({ verb, filters, event, ids }) => {
          told.push(`${verb} ${event?.content ?? JSON.stringify(filters)} ${[...ids].join()} begins`);
          return ({ endedAt, relays }) => told.push(`${verb} ends ${endedAt !== undefined} ${relays.length}`);
        },
      },
    });
    hear(pool.publish(note('a')));
    expect(told).toEqual(['EVENT a  begins']);
    hear(pool.count({ kinds: [7] }, { id: 'likes' }));
    await time.advance(SECOND);
    expect(told[1]).toBe('COUNT [{"kinds":[7]}] likes begins');
    expect(told.slice(2).sort()).toEqual(['COUNT ends true 1', 'EVENT ends true 1']);
    told.length = 0;
    hear(pool.sync({ kinds: [7] }, { list: () => [], get: () => [], put: () => undefined }));
    await time.advance(SECOND);
    expect(told).toEqual(['NEG-OPEN [{"kinds":[7]}]  begins', 'NEG-OPEN ends true 1']);
    told.length = 0;
    const { subscription } = hear(pool.subscribe({ kinds: [1] }, { id: 'feed' }));
    expect(told).toEqual([]);
    await time.advance(SECOND);
    expect(told).toEqual(['REQ [{"kinds":[1]}] feed begins']);
    subscription.unsubscribe();
    pool.close();
    expect(told.slice(1)).toEqual(['REQ ends true 1']);
  });

  it('gets the call that its exchanges have', async () => {
    const calls: PoolCall[] = [];
    const exchanged: PoolCall[] = [];
    const { pool, time, note } = world({
      pool: {
        observeCall: (call) => void calls.push(call),
        stages: {
          health:
            ({ call }) =>
            (source) => (exchanged.push(call), source),
        },
      },
    });
    hear(pool.request({ kinds: [1] }));
    hear(pool.publish(note('a')));
    await time.advance(SECOND);
    expect(new Set(exchanged)).toEqual(new Set(calls));
    expect(exchanged.map((call) => calls.indexOf(call)).sort()).toEqual([0, 1]);
    pool.close();
  });

  it('breaks nothing by what it throws', async () => {
    const errors: unknown[] = [];
    config.onUnhandledError = (error) => errors.push(error);
    const { pool, time, note } = world({
      pool: {
        observeCall: ({ verb }) => {
          if (verb === 'EVENT') throw new Error('at the beginning');
          return () => {
            throw new Error('at the end');
          };
        },
      },
    });
    const report = hear(pool.publish(note('a')));
    const request = hear(pool.request({ kinds: [7] }));
    await time.advance(SECOND);
    config.onUnhandledError = null;
    expect(report.values.at(-1)).toMatchObject({ accepted: 1, pending: 0 });
    expect(request).toMatchObject({ completed: true, error: undefined });
    expect(errors).toEqual([new Error('at the beginning'), new Error('at the end')]);
    pool.close();
  });

  it('is called where whoever asked first is found, of each of the requests that begin in one turn', async () => {
    const asker = new AsyncLocalStorage<string>();
    const told: string[] = [];
    const { pool, time } = world({
      pool: {
        observeCall: ({ filters }) => void told.push(`${asker.getStore()} asked ${JSON.stringify(filters)}`),
      },
    });
    asker.run('one', () => hear(pool.request({ kinds: [1] })));
    asker.run('two', () => hear(pool.request({ kinds: [7] })));
    asker.run('three', () => hear(pool.request({ search: 'a' })));
    await time.advance(SECOND);
    expect(told).toEqual(['one asked [{"kinds":[1]}]', 'two asked [{"kinds":[7]}]', 'three asked [{"search":"a"}]']);
    pool.close();
  });
});
