import { expect, it } from 'vitest';
import { peekFrame } from '../../src/protocol/frame.ts';
import { ArrivedEvent, type Recipient } from '../../src/sources/arrived-event.ts';
import { heapInUse } from '../support/heap.ts';

const WAITING = 200;
const LENGTH = 50_000;

it('an event that waits for its verdict keeps no text of its frame alive', async () => {
  let read = 0;
  const recipient: Recipient = {
    check: (arrived) => void (read += arrived.text.length),
    judged: () => undefined,
    take: () => undefined,
  };
  const before = await heapInUse();
  const waiting = Array.from({ length: WAITING }, (_, n) => {
    // Made as from a socket: a text of its own, in one piece.
    const frame = Buffer.from(
      `["EVENT","1",{"id":"${'a'.repeat(64)}","content":"${n}${'x'.repeat(LENGTH)}"}]`,
    ).toString();
    const peek = peekFrame(frame);
    if (!peek) throw new Error('A frame like this can be read.');
    const arrived = new ArrivedEvent(frame, peek, 1, recipient);
    arrived.start();
    return arrived;
  });
  expect(read).toBeGreaterThan(WAITING * LENGTH);
  expect((await heapInUse()) - before).toBeLessThan((WAITING * LENGTH) / 10);
  expect(waiting.map(({ isReady }) => isReady)).toEqual(Array(WAITING).fill(false));
});
