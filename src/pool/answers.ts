import type { Subscriber } from 'rxjs';
import type { Span } from '../policies/page.ts';
import { RelayError, type RelayErrorCode } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { Answer } from './answer.ts';

/** What is said of one relay and one request, and whether anything stored is still awaited. */
export class Answers {
  #isSettled = false;

  constructor(
    private readonly relay: RelayUrl,
    private readonly subscriber: Subscriber<Answer>,
  ) {}

  /** Whether nothing stored is awaited any more. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  say(packet: Answer['packet'], settles: boolean): void {
    this.#isSettled ||= settles;
    this.subscriber.next({ packet, settles });
  }

  gaps(gaps: readonly Span[]): void {
    for (const { since, until } of gaps) this.say({ type: 'gap', relay: this.relay, since, until }, false);
  }

  noPlace(patience: number): RelayError {
    return this.error('no-place', `There was no place for it within ${patience} ms.`);
  }

  overdue(what: string, deadline: number): RelayError {
    return this.error('deadline', `${what} was not answered to its end within ${deadline} ms.`);
  }

  silence(timeout: number, notice: string | undefined): RelayError {
    const said = notice === undefined ? 'nothing' : `only the notice "${notice}"`;
    return this.error('silent', `There was no answer within ${timeout} ms; the relay said ${said}.`);
  }

  error(code: RelayErrorCode, message: string): RelayError {
    return new RelayError(code, this.relay, message);
  }
}
