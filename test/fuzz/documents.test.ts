import { describe, expect, it } from 'vitest';
import { estimateHyperLogLog, mergeHyperLogLogs, parseHyperLogLog } from '../../src/protocol/hyperloglog.ts';
import { Negentropy, NegentropyError } from '../../src/protocol/negentropy.ts';
import { NegentropyItems } from '../../src/protocol/negentropy-items.ts';
import { parseRelayInformation } from '../../src/protocol/relay-information-document.ts';
import { fakeEvent, RelayCore, seededRandom } from '../../src/testing/index.ts';
import { randomHex } from '../../src/testing/seeded-random.ts';
import { shrinkText } from './shrink.ts';
import { FRAMES, hostileFrames, SEED, TIMEOUT } from './size.ts';

/** A tenth of the frames: these come once a connection, not a thousand times a second. */
const TEXTS = Math.ceil(FRAMES / 10);
const random = seededRandom(SEED);
const below = (bound: number): number => Math.floor(random() * bound);
const hostile = hostileFrames(SEED, () => ({ ids: ['1'], published: [], events: [fakeEvent()] }));
const events = Array.from({ length: 100 }, (_, n) => fakeEvent({ content: `${n}`, created_at: 1_767_000_000 + n }));

/** A few characters exchanged, cut out or put in. */
function mutated(text: string, alphabet: string): string {
  let result = text;
  for (let rounds = 1 + below(4); rounds > 0; rounds--) {
    const at = below(result.length + 1);
    result =
      result.slice(0, at) + (alphabet[below(alphabet.length)] ?? '').repeat(below(3)) + result.slice(at + below(4));
  }
  return result;
}

function eachIsRight(next: () => string, faultOf: (text: string) => string | undefined): void {
  const tried = (text: string): string | undefined => {
    try {
      return faultOf(text);
    } catch (error) {
      return `${String(error)} was thrown`;
    }
  };
  for (let count = 0; count < TEXTS; count++) {
    const text = next();
    const fault = tried(text);
    if (fault === undefined) continue;
    const least = shrinkText(text, (shorter) => tried(shorter) !== undefined);
    throw new Error(`text ${count} of FUZZ_SEED=${SEED}: ${fault}\nshrunk: ${JSON.stringify(least)}`);
  }
}

describe(`${TEXTS.toLocaleString('en')} hostile texts each`, () => {
  it('are relay information within its bounds, or none', { timeout: TIMEOUT }, () => {
    const { information } = new RelayCore({ limits: { max_limit: 5, min_pow_difficulty: 1 } });
    const keys = Object.keys(information);
    const next = (): string => {
      if (random() < 0.5) return mutated(JSON.stringify(information), '{}[]",:0123456789eE-.\\u');
      const key = keys[below(keys.length)] ?? '';
      return `{"name":"x",${JSON.stringify(key)}:${hostile()}}`;
    };
    let read = 0;
    eachIsRight(next, (text) => {
      const document = parseRelayInformation(text);
      if (document === undefined) return undefined;
      read++;
      const lists = [document.supportedNips, document.countries, document.languages, document.tags, document.retention];
      return lists.every((list) => Array.isArray(list) && list.length <= 256) && (document.name?.length ?? 0) <= 256
        ? undefined
        : 'it is beyond its bounds';
    });
    expect(read).toBeGreaterThan(TEXTS / 20);
  });

  it('are registers that can be counted, or none', { timeout: TIMEOUT }, () => {
    let read = 0;
    eachIsRight(
      () => {
        const registers = Array.from({ length: 256 }, () => below(194).toString(16).padStart(2, '0')).join('');
        return random() < 0.5 ? registers : mutated(registers, '0123456789abcdefABCDEFg ');
      },
      (text) => {
        const registers = parseHyperLogLog(text);
        if (registers === undefined) return undefined;
        read++;
        const estimate = estimateHyperLogLog(mergeHyperLogLogs([registers]));
        const isRight = registers.length === 256 && registers.every((register) => register <= 193);
        return isRight && Number.isSafeInteger(estimate) && estimate >= 0 ? undefined : `${estimate} authors`;
      },
    );
    expect(read).toBeGreaterThan(TEXTS / 4);
  });

  it('are messages of a reconciliation, or refused as such', { timeout: TIMEOUT }, () => {
    const items = new NegentropyItems(events);
    const own = new Set(events.map(({ id }) => id));
    const valid = new Negentropy(new NegentropyItems(events.slice(20, 90)), 0, 70).initiate();
    let read = 0;
    eachIsRight(
      () => (random() < 0.8 ? mutated(valid, '0123456789abcdefA') : `61${randomHex(random, 2 * below(200))}`),
      (text) => {
        try {
          const { have, need, answer } = new Negentropy(items, 0, items.size, 4_096).reconcile(text);
          read++;
          if (!have.every((id) => own.has(id))) return 'it has what it has not';
          if (!need.every((id) => /^[0-9a-f]{64}$/.test(id))) return 'it needs what is no id';
          return answer === undefined || /^61(?:[0-9a-f]{2})*$/.test(answer) ? undefined : 'its answer is none';
        } catch (error) {
          if (error instanceof NegentropyError) return undefined;
          throw error;
        }
      },
    );
    expect(read).toBeGreaterThan(TEXTS / 100);
  });
});
