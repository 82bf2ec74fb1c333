import type { Packet } from '../protocol/packet.ts';

type WithoutPending<P> = P extends Packet ? Omit<P, 'pending'> : never;

/** A packet of one relay, and whether it settles the relay: nothing stored is awaited from it any more. */
export interface Answer {
  readonly packet: WithoutPending<Packet>;
  readonly settles: boolean;
}
