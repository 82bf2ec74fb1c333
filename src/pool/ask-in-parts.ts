import { defer, filter, map, merge, type Observable } from 'rxjs';
import type { RelayError } from '../protocol/relay-error.ts';
import type { Answer } from './answer.ts';

/** Several REQs to one relay that are one request: it settles when all have, and its EOSE comes with the last of theirs, also after a reconnect. */
export function askInParts(parts: readonly Observable<Answer>[]): Observable<Answer> {
  return defer(() => {
    const settled = new Set<number>();
    let trouble: RelayError | undefined;
    const isNews = ({ packet, settles }: Answer): boolean => {
      if (packet.type === 'eose') return settles;
      if (packet.type !== 'lost') return true;
      // A connection that ends is the same trouble for all.
      const isKnown = packet.error === trouble;
      trouble = packet.error;
      return settles || !isKnown;
    };
    const streams = parts.map((part, index) =>
      part.pipe(
        map(({ packet, settles }): Answer => {
          if (settles) settled.add(index);
          else if (packet.type === 'lost') settled.delete(index);
          return { packet, settles: settles && settled.size === parts.length };
        }),
      ),
    );
    return merge(...streams).pipe(filter(isNews));
  });
}
