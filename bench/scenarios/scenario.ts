import type { Client, NostrEvent } from '../client-process/client.ts';
import type { Measured } from '../client-process/measured.ts';
import type { Job } from '../client-process/messages.ts';
import type { Meter } from '../client-process/meter.ts';
import type { LivePlan, RelayPlan } from '../relay-process/messages.ts';

/** One way of using one library. */
export interface Participant {
  /** As it is called in the tables. */
  readonly name: string;
  /** A file of clients/, without its ending. */
  readonly client: string;
  readonly verify: Job['verify'];
  readonly variant?: string | undefined;
  /** Whom it is compared with. @default 'raw' */
  readonly beside?: string | undefined;
}

/** What a scenario has in the process of the client. */
export interface World extends Job {
  readonly meter: Meter;
  connect(relays?: readonly string[]): Promise<Client>;
  /** Has new events sent by the first relay; resolves, when all are written, with when each was. */
  live(plan: LivePlan): Promise<readonly number[]>;
  /** The first prepared events. */
  prepared(count: number): readonly NostrEvent[];
}

/** Something that all clients are to do. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What is measured, in a few sentences. */
  readonly about: string;
  /** Ways in which it is run: sizes, mostly. */
  readonly cases: readonly string[];
  /** Those of a quick run. @default all */
  readonly quickCases?: readonly string[];
  readonly participants: (of: string) => readonly Participant[];
  readonly relays: (of: string) => readonly RelayPlan[];
  /** What its tables show. @default wall, CPU and memory, and no other numbers */
  readonly shows?:
    | {
        readonly readings?: readonly ('wall' | 'cpu' | 'memory')[];
        /** Of what it measures besides, by name; divided by `scale`. */
        readonly numbers?: readonly { readonly name: string; readonly head: string; readonly scale?: number }[];
      }
    | undefined;
  /** Rounds of a whole run; a quick one has one. */
  readonly rounds: number;
  /** Milliseconds that a client may take. */
  readonly limit: number;
  /** In the process of the client. */
  measure(world: World): Promise<Measured>;
}
