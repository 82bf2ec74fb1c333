import type { RelayMessage } from '../protocol/message.ts';
import type { Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';

/** What can answer a COUNT (NIP-45) or a NEG-OPEN (NIP-77). */
export type QueryMessage = Extract<RelayMessage, { readonly type: 'COUNT' | 'CLOSED' | 'NEG-MSG' | 'NEG-ERR' }>;

/**
 * What a relay answered to a COUNT (NIP-45): how many stored events match, or why it does not say. `hll` is 512 hex digits, the registers
 * of a HyperLogLog of the authors.
 *
 * @example
 * ```ts
 * import { switchMap, take } from 'rxjs';
 * import { type CountAnswer, relay } from 'rx-relay-pool';
 *
 * const describe = (answer: CountAnswer): string => (answer.counted ? `${answer.count}` : answer.reason.message);
 * const subscription = relay('wss://relay.example')
 *   .pipe(
 *     take(1),
 *     switchMap((connection) => connection.count({ kinds: [7] })),
 *   )
 *   .subscribe((answer) => console.log(describe(answer)));
 * subscription.unsubscribe();
 * ```
 */
export type CountAnswer =
  | { readonly counted: true; readonly count: number; readonly approximate: boolean; readonly hll?: string }
  | { readonly counted: false; readonly reason: Reason };

/** Who hears what one COUNT, or one reconciliation, brings. */
export interface QuerySink {
  /** An answer, or a refusal that an authentication could not turn. */
  answered(message: QueryMessage, query: Query): void;
  /** The connection ended. */
  lost(error: RelayError): void;
}

/** What queries need of the connection that carries them. */
export interface QueryHost {
  send(frame: string): void;
  /** Authenticates (NIP-42); the callback is told whether the relay accepted it. */
  authenticate(done: (accepted: boolean) => void): void;
  /** This side ended it; what it brings may still be on its way. */
  closed(id: string): void;
  now(): number;
}

/** A COUNT, or a reconciliation, on one connection. It is opened once more where the relay wants to know first who asks. */
export class Query {
  /** When the relay was last heard of about this, or was sent something. */
  heardAt: number;
  #isAuthenticating = false;
  #triedToAuthenticate = false;
  #isOver = false;

  constructor(
    readonly id: string,
    private readonly first: string,
    private readonly host: QueryHost,
    private readonly sink: QuerySink,
    private readonly release: () => void,
  ) {
    this.heardAt = host.now();
  }

  /** Whether it is our turn: an authentication is under way. */
  get isBusy(): boolean {
    return this.#isAuthenticating;
  }

  begin(): void {
    this.send(this.first);
  }

  send(frame: string): void {
    if (this.#isOver) return;
    this.heardAt = this.host.now();
    this.host.send(frame);
  }

  received(message: QueryMessage): void {
    this.heardAt = this.host.now();
    // What comes before it is opened anew answers what was refused.
    if (this.#isAuthenticating) return;
    const isRefusal = message.type === 'CLOSED' || message.type === 'NEG-ERR';
    if (!isRefusal || message.reason.prefix !== 'auth-required' || this.#triedToAuthenticate) {
      return this.sink.answered(message, this);
    }
    this.#triedToAuthenticate = true;
    this.#isAuthenticating = true;
    this.host.authenticate((accepted) => {
      this.#isAuthenticating = false;
      if (this.#isOver) return;
      if (accepted) this.begin();
      else this.sink.answered(message, this);
    });
  }

  lost(error: RelayError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.sink.lost(error);
  }

  /** Stops, and nothing more is heard; `last` is sent first, as a NEG-CLOSE. */
  close(last?: string): void {
    if (this.#isOver) return;
    if (last !== undefined) this.host.send(last);
    this.#isOver = true;
    this.release();
    this.host.closed(this.id);
  }
}

/** The queries of one connection, by id. */
export class Queries {
  readonly #open = new Map<string, Query>();

  constructor(private readonly host: QueryHost) {}

  /** Queries that are open. */
  get size(): number {
    return this.#open.size;
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Sends the first frame, unless the connection is lost. */
  open(id: string, first: string, sink: QuerySink, lost: RelayError | undefined): Query {
    const query = new Query(id, first, this.host, sink, () => this.#open.delete(id));
    if (lost) query.lost(lost);
    else {
      this.#open.set(id, query);
      query.begin();
    }
    return query;
  }

  /** A message came; says whether it is of a query. */
  received(message: QueryMessage): boolean {
    const query = this.#open.get(message.subscriptionId);
    query?.received(message);
    return query !== undefined;
  }

  /** The connection is gone. */
  lost(error: RelayError): void {
    const all = [...this.#open.values()];
    this.#open.clear();
    for (const query of all) query.lost(error);
  }
}

/** The answer to a COUNT in a message; undefined where it is none. */
export function countAnswer(message: QueryMessage): CountAnswer | undefined {
  switch (message.type) {
    case 'COUNT': {
      const { count, approximate, hll } = message;
      return { counted: true, count, approximate, ...(hll === undefined ? {} : { hll }) };
    }
    case 'CLOSED':
      return { counted: false, reason: message.reason };
    default:
      return undefined;
  }
}
