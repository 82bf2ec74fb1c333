import type { LivePlan } from '../relay-process/messages.ts';
import type { Measured } from './measured.ts';

/** What a client process is started for. */
export interface Job {
  readonly scenario: string;
  /** The case of the scenario. */
  readonly of: string;
  /** A file of clients/, without its ending. */
  readonly client: string;
  readonly verify: 'no' | 'default' | 'best';
  readonly variant?: string | undefined;
  readonly relays: readonly string[];
  /** The file of the prepared events. */
  readonly events: string;
  /** Milliseconds after which it is given up. */
  readonly limit: number;
  /** Where a profile of the measured part goes. @default there is none */
  readonly profile?: string | undefined;
}

export type ToClient =
  { readonly type: 'job'; readonly job: Job } | { readonly type: 'sent'; readonly times: readonly number[] };

export type FromClient =
  { readonly type: 'live'; readonly plan: LivePlan } | { readonly type: 'measured'; readonly measured: Measured };
