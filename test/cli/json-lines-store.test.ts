import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalError } from '../../src/cli/exit-code.ts';
import { JsonLinesStore } from '../../src/cli/json-lines-store.ts';
import { signedEvent, testKey } from '../../src/testing/index.ts';

const note = (n: number) => signedEvent({ content: `${n}`, created_at: n, kind: n % 2 }, testKey(0));
const notes = [note(1), note(2), note(3)];

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  path = join(folder, 'events.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('JsonLinesStore', () => {
  it('is empty where there is no file, and makes none before there is an event', async () => {
    const store = await JsonLinesStore.open(path);
    expect([...store.list({})]).toEqual([]);
    await store.close();
    expect(() => readFileSync(path)).toThrow('ENOENT');
  });

  it('keeps what it is given, in order, also when that comes at once', async () => {
    const store = await JsonLinesStore.open(path);
    await Promise.all(notes.map((event) => store.put(event)));
    await store.close();
    expect(readFileSync(path, 'utf8')).toBe(notes.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const again = await JsonLinesStore.open(path);
    expect([...again.list({ kinds: [1] })]).toEqual([notes[0], notes[2]]);
    expect([...again.get([notes[1]?.id ?? '', 'f'.repeat(64)])]).toEqual([notes[1]]);
    expect([again.size, again.unreadable]).toEqual([3, 0]);
  });

  it('counts lines that are no event and leaves them, and what broke off stays apart from what comes', async () => {
    const forged = { ...note(4), content: 'other' };
    const text = `nonsense\n\n${JSON.stringify(notes[0])}\n${JSON.stringify(forged)}\n{"id":"torn`;
    writeFileSync(path, text);
    const store = await JsonLinesStore.open(path);
    expect([store.size, store.unreadable]).toEqual([1, 3]);
    expect([...store.get([forged.id])]).toEqual([]);
    const [fifth, sixth] = [note(5), note(6)];
    await store.put(fifth);
    await store.put(sixth);
    await store.close();
    expect(readFileSync(path, 'utf8')).toBe(`${text}\n${JSON.stringify(fifth)}\n${JSON.stringify(sixth)}\n`);
    const again = await JsonLinesStore.open(path);
    expect([again.size, again.unreadable]).toEqual([3, 3]);
  });

  it('says what cannot be read or written', async () => {
    await expect(JsonLinesStore.open(folder)).rejects.toThrow(new RegExp(`^${folder} cannot be read: EISDIR`));
    const store = await JsonLinesStore.open(join(folder, 'none', 'events.jsonl'));
    await expect(store.put(note(1))).rejects.toThrow(LocalError);
    await expect(store.put(note(2))).rejects.toThrow('events.jsonl cannot be written: ENOENT');
    expect(store.size).toBe(0);
    await store.close();
  });
});
