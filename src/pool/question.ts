import type { SchedulerLike } from 'rxjs';
import type { Priority } from '../policies/queue-outcome.ts';
import type { ResumeOptions } from '../policies/resume-cursor.ts';
import type { SeenIds } from '../policies/seen-ids.ts';
import type { Filter } from '../protocol/filter.ts';
import type { Gate } from '../sources/gate.ts';
import type { CallNotes } from './journal.ts';

/** What is asked, and how long to wait for it. */
export interface Question {
  readonly filters: readonly Filter[];
  /** Ids that the request delivered, whichever relay they came from. */
  readonly delivered: SeenIds;
  /** Whether live events are wanted after the stored ones. */
  readonly live: boolean;
  /** Milliseconds that the relay may be silent about a REQ before it answered. */
  readonly silenceTimeout: number;
  /** Milliseconds that all of a request that is not live may take, and one REQ of any. */
  readonly deadline: number;
  /** When a request that is not live is over, in milliseconds by the scheduler's clock. */
  readonly over: number;
  readonly priority: Priority;
  /** Requests with the same one share a connection where they can. */
  readonly affinity: string | undefined;
  readonly resume: ResumeOptions | undefined;
  /** Closed while its subscriber asks for a pause. @default open */
  readonly gate?: Gate | undefined;
  /** Where it is written down how it goes. */
  readonly notes: CallNotes;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
}
