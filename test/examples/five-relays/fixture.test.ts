import { describe, expect, it } from 'vitest';
import { loadFixture } from '../../../examples/five-relays/fixture.ts';
import { makeFixture } from '../../../scripts/make-fixture.ts';
import { classifyKind, pureVerifier, replaceableKey } from '../../../src/index.ts';

const fixture = loadFixture();
const distinct = (values: readonly unknown[]): number => new Set(values).size;

describe('the fixture', () => {
  it('is what the script makes: running it again changes nothing', () => {
    const byId = new Map(fixture.map((event) => [event.id, event]));
    const again = makeFixture(byId);
    expect(again.map(({ id }) => id)).toEqual(fixture.map(({ id }) => id));
    expect(again.every((event) => byId.get(event.id) === event)).toBe(true);
  });

  it('has 2,000 events of several kinds and authors, each once', () => {
    expect(fixture).toHaveLength(2_000);
    expect(distinct(fixture.map(({ id }) => id))).toBe(2_000);
    expect(distinct(fixture.map(({ kind }) => kind))).toBe(7);
    expect(distinct(fixture.map(({ pubkey }) => pubkey))).toBe(40);
    expect(new Set(fixture.map(({ kind }) => classifyKind(kind)))).toEqual(
      new Set(['regular', 'replaceable', 'addressable']),
    );
  });

  it('has older and newer versions, some of them of one second', () => {
    const versions = fixture.filter((event) => replaceableKey(event) !== undefined);
    const keys = distinct(versions.map(replaceableKey));
    expect(keys).toBeLessThan(versions.length / 2);
    expect(distinct(versions.map((event) => `${replaceableKey(event)} ${event.created_at}`))).toBeLessThan(
      versions.length,
    );
  });

  it('is signed: a sample of it verifies', async () => {
    const sample = fixture.filter((_, index) => index % 50 === 0);
    expect(await pureVerifier.verify(sample)).toEqual(sample.map(() => true));
  });
});
