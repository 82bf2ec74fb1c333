import { type Observable, ReplaySubject, Subscription } from 'rxjs';
import { Backoff, type BackoffOptions } from '../policies/backoff.ts';
import type { PublishOutcome } from '../pool/publish-report.ts';
import { replaceableKey } from '../protocol/event.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { encodeRecord, isAnswer, type OutboxRecord } from './outbox-record.ts';
import type { OutboxReport, OutboxStatus } from './outbox-report.ts';

type Outcomes = Readonly<Record<RelayUrl, PublishOutcome>>;

/** An event in the outbox, with what goes on about it. */
export class Entry {
  readonly id: string;
  /** What versions of one replaceable event have in common. */
  readonly key: string | undefined;
  readonly backoff: Backoff;
  /** Characters of the event. */
  readonly size: number;
  status: OutboxStatus;
  /** Whether the store has it: it is not sent before. */
  isStored = false;
  /** Whether it was just published, and not sent yet. */
  isFresh = true;
  /** When the next attempt is due, in milliseconds, or the entry ends. */
  timer = Subscription.EMPTY;
  attempt = Subscription.EMPTY;
  /** Where the latest attempt went; undefined before the first, and where its route led to nobody. */
  targets: readonly RelayUrl[] | undefined;
  /** Resolves when the store has it. */
  stored: Promise<void> = Promise.resolve();
  #outcomes: Outcomes;
  #report = new ReplaySubject<OutboxReport>(1);

  constructor(
    public record: OutboxRecord,
    backoff: BackoffOptions | undefined,
    random: () => number,
  ) {
    this.id = record.event.id;
    this.key = replaceableKey(record.event);
    this.size = JSON.stringify(record.event).length;
    this.backoff = new Backoff(backoff, random);
    this.status = record.isRejected ? 'rejected' : 'pending';
    this.#outcomes = record.answers;
  }

  get report(): OutboxReport {
    const { event, since, until, answers } = this.record;
    const outcomes = { ...this.#outcomes, ...answers };
    const accepted = Object.values(answers).filter(({ status }) => status === 'accepted').length;
    return { event, status: this.status, outcomes, accepted, since, until };
  }

  get report$(): Observable<OutboxReport> {
    return this.#report.asObservable();
  }

  /** Whether there is nobody left who could accept it, but for relays that are to come. */
  get isStranded(): boolean {
    return !this.targets?.some((url) => !this.record.answers[url]);
  }

  /** Whether the relays that refuse it do so because they have a newer version. */
  get isOutdated(): boolean {
    const refusals = Object.values(this.record.answers).filter(({ status }) => status === 'rejected');
    return (
      this.key !== undefined && refusals.every((refusal) => 'reason' in refusal && refusal.reason.prefix === 'replaced')
    );
  }

  get text(): string {
    return encodeRecord(this.record);
  }

  /** Takes in what an attempt found; says whether a relay has said its last word. */
  learn(outcomes: Outcomes): boolean {
    const answers = { ...this.record.answers };
    let isNew = false;
    for (const [url, outcome] of Object.entries(outcomes) as [RelayUrl, PublishOutcome][]) {
      if (!isAnswer(outcome) || answers[url]?.status === 'accepted' || answers[url]?.status === outcome.status)
        continue;
      answers[url] = outcome;
      isNew = true;
    }
    this.#outcomes = outcomes;
    if (isNew) this.record = { ...this.record, answers };
    return isNew;
  }

  /** Whether this relay may still accept it. */
  misses(url: RelayUrl): boolean {
    return this.targets === undefined || (this.targets.includes(url) && !this.record.answers[url]);
  }

  /** What is to be kept when it is sent again, though relays had refused it for good. */
  afresh(options: Pick<OutboxRecord, 'quorum' | 'relays' | 'priority' | 'until'>): OutboxRecord {
    const accepted = Object.entries(this.record.answers).filter(([, { status }]) => status === 'accepted');
    return { ...this.record, ...options, answers: Object.fromEntries(accepted), isRejected: false };
  }

  revive(record: OutboxRecord): void {
    this.record = record;
    this.#outcomes = record.answers;
    this.status = 'pending';
    this.isFresh = true;
    this.targets = undefined;
    this.backoff.reset();
    this.#report = new ReplaySubject<OutboxReport>(1);
    this.tell();
  }

  tell(): void {
    this.#report.next(this.report);
  }

  /** Nothing more is told. */
  end(): void {
    this.#report.complete();
  }
}
