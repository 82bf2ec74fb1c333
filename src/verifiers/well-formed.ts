import { isWellFormedEvent, type NostrEvent } from '../protocol/event.ts';
import type { Verdicts, Verifier } from './verifier.ts';

/** Not as a type guard: what is typed as an event may be anything at run time. */
const isWellFormed: (event: NostrEvent) => boolean = isWellFormedEvent;

/**
 * Asks the verifier about the well-formed events only, the verdict on the others being no: engines are known to read past what is
 * missing from an id or a signature. What is no list of as many verdicts as events is handed on as it is.
 */
export function verifyWellFormed(verifier: Verifier, events: readonly NostrEvent[]): Verdicts | Promise<Verdicts> {
  if (events.every(isWellFormed)) return verifier.verify(events);
  const wellFormed = events.filter(isWellFormed);
  const spread = (verdicts: Verdicts): Verdicts => {
    if (!Array.isArray(verdicts) || verdicts.length !== wellFormed.length) return verdicts;
    let next = 0;
    return events.map((event) => isWellFormed(event) && verdicts[next++] === true);
  };
  if (wellFormed.length === 0) return events.map(() => false);
  const verdicts = verifier.verify(wellFormed);
  return 'then' in verdicts ? verdicts.then(spread) : spread(verdicts);
}
