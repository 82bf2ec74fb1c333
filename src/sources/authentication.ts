import {
  catchError,
  defer,
  EMPTY,
  filter,
  finalize,
  from,
  map,
  merge,
  type Observable,
  of,
  ReplaySubject,
  type SchedulerLike,
  share,
  Subject,
  switchMap,
  take,
  takeUntil,
  throwError,
  timeout,
} from 'rxjs';
import { type NostrEvent, toNostrEvent } from '../protocol/event.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';

/**
 * An event before it is signed.
 *
 * @example
 * ```ts
 * import type { EventTemplate } from 'rx-relay-pool';
 *
 * const template: EventTemplate = { kind: 1, created_at: 1_767_225_600, tags: [], content: 'hello' };
 * ```
 */
export type EventTemplate = Pick<NostrEvent, 'kind' | 'created_at' | 'tags' | 'content'>;

/**
 * Signs events: the shape of `window.nostr` (NIP-07). It may take its time, reject or hang; each has its outcome.
 *
 * @example
 * ```ts
 * import { finalizeEvent, generateSecretKey } from 'nostr-tools/pure';
 * import { RelayPool, type Signer } from 'rx-relay-pool';
 *
 * const key = generateSecretKey();
 * const signer: Signer = { signEvent: async (template) => finalizeEvent(template, key) };
 * const pool = new RelayPool({ relays: ['wss://relay.example'], signer });
 * pool.close();
 * ```
 */
export interface Signer {
  signEvent(template: EventTemplate): Promise<NostrEvent>;
}

/** How an attempt to authenticate (NIP-42) ended. */
export type AuthOutcome = 'accepted' | 'refused' | 'no-signer' | 'no-challenge' | 'signer-failed' | 'silent';

const CLIENT_AUTH_KIND = 22_242;
/** A relay may say `auth-required` before it sends its challenge. */
const CHALLENGE_TIMEOUT = 3_000;
/** A signer may ask its user. */
const SIGNER_TIMEOUT = 30_000;
const OK_TIMEOUT = 10_000;
const LONGEST_CHALLENGE = 1_024;

class AuthFailure extends Error {
  constructor(readonly outcome: AuthOutcome) {
    super(outcome);
  }
}

/** NIP-42 on one connection: the newest challenge, one attempt at a time, shared by everybody who needs it. */
export class Authentication {
  readonly #challenge = new ReplaySubject<string>(1);
  readonly #answers = new Subject<{ readonly id: string; readonly accepted: boolean }>();
  readonly #closed = new Subject<void>();
  #attempt: Observable<AuthOutcome> | undefined;
  #waitsForOk: string | undefined;

  constructor(
    private readonly url: RelayUrl,
    private readonly signer: Signer | undefined,
    private readonly scheduler: SchedulerLike,
    private readonly send: (event: NostrEvent) => void,
  ) {}

  /** The relay sent a challenge; it replaces the one before. */
  challenged(challenge: string): void {
    if (challenge.length <= LONGEST_CHALLENGE) this.#challenge.next(challenge);
  }

  /** An OK came; says whether it answered an AUTH. */
  answered(id: string, accepted: boolean): boolean {
    if (id !== this.#waitsForOk) return false;
    this.#answers.next({ id, accepted });
    return true;
  }

  /** Authenticates on subscribe, or joins the attempt under way; emits its outcome and completes, never errors. */
  attempt(): Observable<AuthOutcome> {
    const { signer } = this;
    if (!signer) return of('no-signer');
    this.#attempt ??= this.#start(signer).pipe(
      takeUntil(this.#closed),
      finalize(() => {
        this.#attempt = undefined;
        this.#waitsForOk = undefined;
      }),
      share(),
    );
    return this.#attempt;
  }

  /** The connection is gone: an attempt under way completes without an outcome. */
  close(): void {
    this.#closed.next();
  }

  #start(signer: Signer): Observable<AuthOutcome> {
    return this.#challenge.pipe(
      take(1),
      this.#within(CHALLENGE_TIMEOUT, 'no-challenge'),
      switchMap((challenge) => this.#sign(signer, challenge)),
      switchMap((event) => this.#exchange(event)),
      catchError((error: unknown) => of(error instanceof AuthFailure ? error.outcome : 'signer-failed')),
    );
  }

  #sign(signer: Signer, challenge: string): Observable<NostrEvent> {
    const template: EventTemplate = {
      kind: CLIENT_AUTH_KIND,
      created_at: Math.floor(this.scheduler.now() / 1_000),
      tags: [
        ['relay', this.url],
        ['challenge', challenge],
      ],
      content: '',
    };
    return defer(() => from(signer.signEvent(template))).pipe(
      this.#within(SIGNER_TIMEOUT, 'signer-failed'),
      map((signed) => {
        const event = toNostrEvent(signed);
        if (event?.kind !== CLIENT_AUTH_KIND) throw new AuthFailure('signer-failed');
        return event;
      }),
    );
  }

  #exchange(event: NostrEvent): Observable<AuthOutcome> {
    const answer = this.#answers.pipe(
      filter(({ id }) => id === event.id),
      map(({ accepted }): AuthOutcome => (accepted ? 'accepted' : 'refused')),
    );
    const send = defer(() => {
      this.#waitsForOk = event.id;
      this.send(event);
      return EMPTY;
    });
    // Listening comes before sending: nothing says that the answer cannot come at once.
    return merge(answer, send).pipe(take(1), this.#within(OK_TIMEOUT, 'silent'));
  }

  #within<T>(milliseconds: number, outcome: AuthOutcome) {
    return timeout<T, Observable<never>>({
      each: milliseconds,
      scheduler: this.scheduler,
      with: () => throwError(() => new AuthFailure(outcome)),
    });
  }
}
