import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RelaySightings } from '../../src/policies/relay-sightings.ts';
import { relayUrl, type RelayUrl } from '../../src/protocol/relay-url.ts';

const relays = Array.from({ length: 70 }, (_, index) => relayUrl(`wss://relay${index}.example`));
const ids = Array.from({ length: 12 }, (_, index) => index.toString(16).repeat(64).slice(0, 64));

it('says what a list of all sightings says, within its capacity', () => {
  const sighting = fc.tuple(fc.constantFrom(...relays), fc.constantFrom(...ids));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(sighting, { maxLength: 200 }), (capacity, all) => {
      const sightings = new RelaySightings(capacity);
      const model = new Map<string, Set<RelayUrl>>();
      for (const [relay, id] of all) {
        sightings.add(relay, id);
        const seen = model.get(id) ?? new Set();
        model.set(id, seen.add(relay));
        if (model.size > capacity) model.delete([...model.keys()][0] ?? '');
      }
      for (const id of ids) expect(new Set(sightings.of(id))).toEqual(model.get(id) ?? new Set());
    }),
  );
});
