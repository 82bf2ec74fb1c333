import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { isWellFormedEvent, type NostrEvent } from '../../src/index.ts';

/** 2,000 signed events of several kinds and authors; scripts/make-fixture.ts makes the file. */
export function loadFixture(): readonly NostrEvent[] {
  const file = readFileSync(new URL('./fixture.jsonl.gz', import.meta.url));
  const lines = gunzipSync(file).toString().trimEnd().split('\n');
  return lines.map((line, index) => {
    const event: unknown = JSON.parse(line);
    if (!isWellFormedEvent(event)) throw new TypeError(`Line ${index + 1} of the fixture is no event.`);
    return event;
  });
}
