import { relayEvent, relayNotice } from '../protocol/relay-frame.ts';
import { malformedFrames } from './faults.ts';
import type { Liar } from './liar.ts';
import type { Flood } from './relay-options.ts';
import type { RelaySession } from './relay-session.ts';

/** Sends the frames number `from` to `to` of a flood to one connection. */
export function sendFlood(kind: Flood['kind'], session: RelaySession, liar: Liar, from: number, to: number): void {
  for (let n = from; n < to; n += 1) {
    switch (kind) {
      case 'auth':
        session.challenge();
        break;
      case 'notice':
        session.send(relayNotice(`error: flood ${n}`));
        break;
      case 'malformed': {
        const frames = malformedFrames('flood');
        session.send(frames[n % frames.length] ?? '');
        break;
      }
      case 'unknown-subscription': {
        const event = liar.unmatched(() => false);
        session.send(relayEvent(`never-opened-${n}`, event));
        break;
      }
      case 'unmatched':
        for (const open of session.open) {
          const event = liar.unmatched(open.matches);
          if (event) session.send(relayEvent(open.id, event));
        }
    }
  }
}
