import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeenIds } from '../../src/policies/seen-ids.ts';

/** What SeenIds promises: a map in order of insertion that forgets its oldest entry. */
interface Model {
  readonly capacity: number;
  readonly ids: Map<string, number>;
}

type SeenIdsCommand = fc.Command<Model, SeenIds>;

class Add implements SeenIdsCommand {
  constructor(
    private readonly id: string,
    private readonly value: number,
  ) {}
  check = (): boolean => true;
  toString = (): string => `add(${this.id}, ${this.value})`;
  run(model: Model, seen: SeenIds): void {
    const isNew = !model.ids.has(this.id);
    if (isNew && model.ids.size === model.capacity) {
      for (const oldest of model.ids.keys()) {
        model.ids.delete(oldest);
        break;
      }
    }
    if (isNew) model.ids.set(this.id, this.value);
    expect(seen.add(this.id, this.value)).toBe(isNew);
    expect(seen.size).toBe(model.ids.size);
    expect([...seen.entries()]).toEqual([...model.ids]);
  }
}

class Has implements SeenIdsCommand {
  constructor(private readonly id: string) {}
  check = (): boolean => true;
  toString = (): string => `has(${this.id})`;
  run(model: Model, seen: SeenIds): void {
    expect(seen.has(this.id)).toBe(model.ids.has(this.id));
    expect(seen.find(this.id)).toBe(model.ids.get(this.id) ?? -1);
  }
}

class Delete implements SeenIdsCommand {
  constructor(private readonly id: string) {}
  check = (): boolean => true;
  toString = (): string => `delete(${this.id})`;
  run(model: Model, seen: SeenIds): void {
    expect(seen.delete(this.id)).toBe(model.ids.delete(this.id));
    expect(seen.size).toBe(model.ids.size);
  }
}

class Clear implements SeenIdsCommand {
  check = (): boolean => true;
  toString = (): string => 'clear()';
  run(model: Model, seen: SeenIds): void {
    model.ids.clear();
    seen.clear();
    expect(seen.size).toBe(0);
  }
}

/** Few ids, so that commands meet, alike in all but a few digits. */
const anyId = (count: number): fc.Arbitrary<string> =>
  fc.tuple(fc.nat(count - 1), fc.constantFrom(0, 7, 8, 31, 56)).map(([n, at]) => {
    const digits = n.toString(16).padStart(4, '0');
    return `${'0'.repeat(at)}${digits}${'0'.repeat(60 - at)}`;
  });

function agreesWithModel(capacity: fc.Arbitrary<number>, ids: number, maxCommands: number): void {
  const id = anyId(ids);
  const commands = fc.commands(
    [
      fc.tuple(id, fc.nat()).map(([hex, value]) => new Add(hex, value)),
      fc.tuple(id, fc.nat()).map(([hex, value]) => new Add(hex, value)),
      id.map((hex) => new Has(hex)),
      id.map((hex) => new Delete(hex)),
      fc.constant(new Clear()),
    ],
    { maxCommands, size: 'max' },
  );
  fc.assert(
    fc.property(capacity, commands, (size, run) => {
      const model: Model = { capacity: size, ids: new Map() };
      const seen = new SeenIds({ capacity: size });
      fc.modelRun(() => ({ model, real: seen }), run);
      for (const [hex, value] of model.ids) expect(seen.find(hex)).toBe(value);
    }),
    { numRuns: 100 },
  );
}

describe('SeenIds', () => {
  it('agrees with a map in order of insertion, at small capacities', () => {
    agreesWithModel(fc.integer({ min: 1, max: 8 }), 4, 200);
  });

  it('agrees with it where it grows', () => {
    agreesWithModel(fc.constantFrom(63, 64, 65, 100, 128, 200), 300, 400);
  });

  it('is exact within its capacity, and bounded by it, for any ids', () => {
    const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    fc.assert(
      fc.property(fc.array(hex, { maxLength: 300, size: 'max' }), fc.integer({ min: 1, max: 300 }), (ids, capacity) => {
        const seen = new SeenIds({ capacity });
        const distinct = new Set<string>();
        for (const id of ids) {
          const isNew = seen.add(id);
          if (distinct.size < capacity) expect(isNew).toBe(!distinct.has(id));
          distinct.add(id);
          expect(seen.size).toBe(Math.min(distinct.size, capacity));
          expect(seen.has(id)).toBe(true);
        }
      }),
    );
  });
});
