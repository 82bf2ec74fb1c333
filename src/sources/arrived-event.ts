import type { NostrEvent } from '../protocol/event.ts';
import type { FramePeek } from '../protocol/frame.ts';
import type { Verdict } from '../verifiers/verification.ts';
import type { Place } from './in-order.ts';

/** Whom an event is for. */
export interface Recipient {
  /** Reads it, as far as need be, and has it verified. */
  check(arrived: ArrivedEvent): void;
  /** It is ready for its turn. */
  judged(arrived: ArrivedEvent): void;
  /** Its turn has come. */
  take(arrived: ArrivedEvent): void;
}

const READ: FramePeek = { verb: 'EVENT', subscriptionId: '', id: undefined, restAt: 0 };

/** An event between its arrival and its delivery. There is one for each, so it is its place in the order, and who waits for its verdict, in one object. */
export class ArrivedEvent implements Place, Verdict {
  isReady = false;
  /** The copy that was sent in to be verified; undefined where another one like it was. */
  event: NostrEvent | undefined = undefined;
  /** The copy that verified. */
  copy: NostrEvent | undefined = undefined;
  /** Why there is none. */
  fault: 'unmatched' | 'invalid' | undefined = undefined;

  constructor(
    public frame: string,
    public peek: FramePeek,
    readonly weight: number,
    private readonly recipient: Recipient,
  ) {}

  /** What stands behind the subscription id: the same of every relay that sends the event as it got it. */
  get text(): string {
    return this.frame.slice(this.peek.restAt);
  }

  start(): void {
    this.recipient.check(this);
    // While it waits for its verdict it need not keep its text alive, which its id is cut from.
    this.frame = '';
    this.peek = READ;
  }

  verified(copy: NostrEvent | undefined): void {
    this.copy = copy;
    if (copy) this.#judged();
    else this.refused('invalid');
  }

  refused(fault: 'unmatched' | 'invalid'): void {
    this.fault = fault;
    this.#judged();
  }

  #judged(): void {
    this.isReady = true;
    this.recipient.judged(this);
  }

  run(): void {
    this.recipient.take(this);
  }
}
