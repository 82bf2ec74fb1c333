import { describe, expect, it } from 'vitest';
import { peekFrame } from '../../src/protocol/frame.ts';
import { parseRelayMessage } from '../../src/protocol/message.ts';
import { fakeEvent } from '../../src/testing/index.ts';
import { faultOfMessage, lieOfPeek } from '../support/frame-truth.ts';
import { shrinkText } from './shrink.ts';
import { FRAMES, hostileFrames, SEED, TIMEOUT } from './size.ts';

const stuff = {
  ids: ['0', '1', 'a', 'sub:1'],
  published: ['a'.repeat(64), 'b'.repeat(64)],
  events: Array.from({ length: 100 }, (_, n) =>
    fakeEvent({
      kind: n % 2 === 0 ? 1 : 7,
      content: `note ${n} ${'"\\\n\u{1f600}id"'.repeat(n % 4)}`,
      tags:
        n % 3 === 0
          ? [
              ['id', '"id":'],
              ['e', 'f'.repeat(64)],
            ]
          : [],
    }),
  ),
};

function parsed(frame: string): unknown {
  try {
    return JSON.parse(frame);
  } catch {
    return undefined;
  }
}

/** What is wrong about what is said of a frame; undefined where nothing is. */
function wrongAbout(frame: string): string | undefined {
  try {
    const value = parsed(frame);
    // Of what is no JSON the peek may say anything, if only it says it.
    const lie = value === undefined ? void peekFrame(frame) : lieOfPeek(frame, value);
    return lie ?? faultOfMessage(frame, value);
  } catch (error) {
    return `${String(error)} was thrown`;
  }
}

describe(`${FRAMES.toLocaleString('en')} hostile frames`, () => {
  it('are read as a full parse reads them, or not at all', { timeout: TIMEOUT }, () => {
    const next = hostileFrames(SEED, () => stuff);
    const read = new Map<string, number>();
    let ids = 0;
    for (let count = 0; count < FRAMES; count++) {
      const frame = next();
      const wrong = wrongAbout(frame);
      if (wrong !== undefined) {
        const least = shrinkText(frame, (text) => wrongAbout(text) !== undefined);
        throw new Error(
          `frame ${count} of FUZZ_SEED=${SEED}: ${wrong}\n${JSON.stringify(frame.slice(0, 2_000))}\nshrunk: ` +
            `${JSON.stringify(least)}: ${wrongAbout(least)}`,
        );
      }
      const { type } = parseRelayMessage(frame);
      read.set(type, (read.get(type) ?? 0) + 1);
      if (peekFrame(frame)?.id !== undefined) ids++;
    }
    // They are worth the name: not all are refused at the first look, nor is the peek right by being unsure.
    const verbs = [
      'EVENT',
      'OK',
      'EOSE',
      'CLOSED',
      'NOTICE',
      'AUTH',
      'COUNT',
      'NEG-MSG',
      'NEG-ERR',
      'UNKNOWN',
      'MALFORMED',
    ];
    const rare = verbs.filter((verb) => (read.get(verb) ?? 0) < FRAMES / 500);
    expect({ rare, read: Object.fromEntries(read) }).toMatchObject({ rare: [] });
    expect(ids).toBeGreaterThan(FRAMES / 20);
  });
});
