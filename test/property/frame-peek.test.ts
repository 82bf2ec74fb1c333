import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { peekFrame } from '../../src/protocol/frame.ts';
import { parseClientMessage, parseRelayMessage } from '../../src/protocol/message.ts';
import { lieOfPeek } from '../support/frame-truth.ts';
import { type Members, type Style, writeJson as write, type Written } from '../support/written-json.ts';

const anyStyle: fc.Arbitrary<Style> = fc.record({
  escapes: fc.constantFrom(0, 0, 0.02, 0.3),
  spaces: fc.constantFrom(0, 0, 0.3),
  seed: fc.integer(),
});
const plainStyle: fc.Arbitrary<Style> = anyStyle.map((style) => ({ ...style, escapes: 0 }));

const anyId = fc.stringMatching(/^[0-9a-f]{64}$/);
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'id',
    '"id"',
    '"id',
    'id"',
    '"id":"',
    '\\"id\\":',
    '\\u0069d',
    '\\',
    '\\\\',
    '"',
    '{',
    '}',
    '{"id":1}',
    '[{"',
    'did',
    'i\u0064 est',
  ),
  anyId,
  anyId.map((id) => `{"id":"${id}","kind":1}`),
);
const anyKey = fc.oneof(
  fc.constantFrom('id', 'id', 'i', 'd', 'idx', 'Id', 'xid', '"id', '"id"', 'id"', '\\id', '', '__proto__'),
  fc.string(),
);

const { value: anyWritten } = fc.letrec<{ value: Written }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyText,
    fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(anyKey, tie('value')), { maxLength: 4 }).map((members): Members => ({ members })),
  ),
}));

type Entry = readonly [key: string, value: Written];

const anyTags = fc.array(fc.array(fc.oneof(anyText, fc.constantFrom('e', 'p', 'id')), { minLength: 1, maxLength: 4 }), {
  maxLength: 5,
});
const anyEventMembers: fc.Arbitrary<Entry[]> = fc
  .record({
    id: anyId,
    pubkey: anyId,
    created_at: fc.nat(),
    kind: fc.nat(65535),
    tags: anyTags,
    content: anyText,
    sig: fc.constant('e'.repeat(128)),
  })
  .map((event): Entry[] => Object.entries(event));

/** An event with its keys in any order, and anything thrown in besides. */
const anyOddEvent: fc.Arbitrary<Members> = fc
  .tuple(anyEventMembers, fc.array(fc.tuple(anyKey, fc.oneof(anyWritten, anyId)), { maxLength: 3 }))
  .chain(([members, extras]) => fc.shuffledSubarray([...members, ...extras], { minLength: members.length }))
  .map((members) => ({ members }));

const VERBS = ['EVENT', 'OK', 'EOSE', 'CLOSED', 'NOTICE', 'AUTH', 'COUNT', 'NEG-MSG', 'NEG-ERR'];
const anyVerb = fc.oneof(fc.constantFrom(...VERBS), fc.constantFrom('EVENT"', 'EVENTS', 'event', ''), fc.string());
const anySubscriptionId = fc.oneof(fc.stringMatching(/^[a-z0-9:]{1,12}$/), anyText);

/** The peek tells the truth about a frame that is JSON; unsure is never a lie. */
function expectTruth(frame: string): void {
  expect(lieOfPeek(frame, JSON.parse(frame))).toBeUndefined();
}

/** What may happen to a frame on its way, or be done to it. */
const anyMutation: fc.Arbitrary<(frame: string) => string> = fc
  .tuple(
    fc.constantFrom('flip', 'cut', 'insert', 'remove', 'repeat', 'join'),
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    fc.oneof(
      fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '"id":', '\\u0069d', '\0', '\ud800'),
      fc.string(),
    ),
    fc.nat(15),
  )
  .map(([kind, share, text, bit]) => (frame) => {
    const at = Math.floor(share * frame.length);
    const before = frame.slice(0, at);
    switch (kind) {
      case 'flip':
        return before + String.fromCharCode(frame.charCodeAt(at) ^ (1 << bit)) + frame.slice(at + 1);
      case 'cut':
        return before;
      case 'insert':
        return before + text + frame.slice(at);
      case 'remove':
        return before + frame.slice(at + 1 + bit);
      case 'repeat':
        return before + frame.slice(at, at + 20).repeat(bit) + frame.slice(at);
      default:
        return frame + before;
    }
  });

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('peekFrame', () => {
  it('agrees with a full parse on events of any shape and spelling', () => {
    let found = 0;
    fc.assert(
      fc.property(
        anySubscriptionId,
        anyOddEvent,
        fc.array(anyWritten, { maxLength: 2 }),
        anyStyle,
        (id, event, more, style) => {
          const frame = write(['EVENT', id, event, ...more], style);
          expectTruth(frame);
          if (peekFrame(frame)?.id !== undefined) found++;
        },
      ),
      { numRuns: 2_000 },
    );
    expect(found).toBeGreaterThan(200); // not by being unsure of everything
  });

  it('agrees with a full parse on messages of any verb', () => {
    fc.assert(
      fc.property(
        anyVerb,
        fc.array(fc.oneof(anyText, anyWritten, anyOddEvent), { maxLength: 4 }),
        anyStyle,
        (verb, rest, style) => {
          expectTruth(write([verb, ...rest], style));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('agrees with a full parse on any JSON', () => {
    fc.assert(
      fc.property(anyWritten, anyStyle, (value, style) => {
        expectTruth(write(value, style));
      }),
      { numRuns: 2_000 },
    );
    fc.assert(fc.property(fc.json(), (frame) => expectTruth(frame)));
  });

  it('finds the id of every event as relays send them, whatever the order of keys and white space', () => {
    const anyOrder = anyEventMembers.chain((members) => fc.shuffledSubarray(members, { minLength: members.length }));
    fc.assert(
      fc.property(anyOrder, plainStyle, (members, style) => {
        const frame = write(['EVENT', 'sub', { members }], style);
        const id = members.find(([key]) => key === 'id')?.[1];
        const from = frame.indexOf(JSON.stringify(id));
        // A string that is, or ends like, another id key behind the id may be left to a full parse.
        fc.pre(!/"id"|\\u006/.test(frame.slice(from + 66)));
        const peek = peekFrame(frame);
        expect(peek).toMatchObject({ verb: 'EVENT', subscriptionId: 'sub', id });
      }),
      { numRuns: 1_000 },
    );
  });

  it('neither throws nor lies on frames that were tampered with', () => {
    let stillJson = 0;
    fc.assert(
      fc.property(
        anyOddEvent,
        anyStyle,
        fc.array(anyMutation, { minLength: 1, maxLength: 3 }),
        (event, style, mutations) => {
          const frame = mutations.reduce((text, mutate) => mutate(text), write(['EVENT', 'sub', event], style));
          peekFrame(frame);
          if (!isJson(frame)) return;
          stillJson++;
          expectTruth(frame);
        },
      ),
      { numRuns: 2_000 },
    );
    expect(stillJson).toBeGreaterThan(100);
  });

  it('does not throw on any text', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', '["EVENT","s",{', '["EVENT"', '['),
        fc.string({ unit: 'binary' }),
        (head, tail) => {
          peekFrame(head + tail);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('parseRelayMessage and parseClientMessage', () => {
  it('throw on nothing', () => {
    fc.assert(
      fc.property(
        anyVerb,
        fc.array(anyWritten, { maxLength: 4 }),
        anyStyle,
        anyMutation,
        (verb, rest, style, mutate) => {
          const frame = write([verb, ...rest], style);
          for (const text of [frame, mutate(frame)]) {
            expect(parseRelayMessage(text)).toHaveProperty('type');
            expect(parseClientMessage(text)).toHaveProperty('type');
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
