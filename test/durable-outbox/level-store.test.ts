import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DurableOutbox, levelOutboxStore, OutboxError } from '../../src/durable-outbox/index.ts';
import { hear, world } from '../support/world.ts';

describe('the store on LevelDB', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'outbox-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps, gives, forgets, and has it all when it is opened again', async () => {
    const location = join(folder, 'keeps');
    const first = levelOutboxStore(location);
    expect([...(await first.entries())]).toEqual([]);
    await first.put('a', '1');
    await first.put('b', '2');
    await first.put('a', '3 ä€😀');
    await first.delete('b');
    await first.delete('never there');
    expect(await first.get('a')).toBe('3 ä€😀');
    expect(await first.get('b')).toBeUndefined();
    await first.close();
    const second = levelOutboxStore(location);
    expect([...(await second.entries())]).toEqual([['a', '3 ä€😀']]);
    await second.close();
    await second.close();
    // It opens again by itself.
    expect(await second.get('a')).toBe('3 ä€😀');
    await second.close();
  });

  it('says when another has it open, and opens when that is over', async () => {
    const location = join(folder, 'locked');
    const other = new Level(location);
    await other.open();
    const { pool, time, note } = world();
    const outbox = new DurableOutbox(pool, levelOutboxStore(location), { scheduler: time });
    const [trouble, pending] = [hear(outbox.trouble$), hear(outbox.pending$)];
    const refused = hear(outbox.publish(note('locked')));
    await expect.poll(() => refused.error).toMatchObject({ name: 'OutboxError', code: 'store-locked' });
    expect(trouble.values[0]).toMatchObject({ type: 'store', action: 'open', error: { code: 'store-locked' } });
    await other.close();
    await time.advance(10_000);
    await expect.poll(() => pending.values).toEqual([[]]);
    await outbox.close();
    pool.close();
  });

  it('says when it cannot be opened', async () => {
    const location = join(folder, 'a file');
    writeFileSync(location, 'no folder');
    const opening = levelOutboxStore(location).entries();
    await expect(opening).rejects.toBeInstanceOf(OutboxError);
    await expect(opening).rejects.toMatchObject({ code: 'store-failed' });
  });
});
