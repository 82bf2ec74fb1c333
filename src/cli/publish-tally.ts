import type { PublishOutcome, PublishReport, RelayUrl } from '../index.ts';
import type { Arguments } from './arguments.ts';
import type { Bar } from './bars.ts';
import { ExitCode, UsageError } from './exit-code.ts';
import { withoutRelay } from './relay-standings.ts';
import { harmless, numberText } from './text.ts';

/**
 * How many relays have to accept an event.
 *
 * @throws UsageError where there are not so many.
 */
export function quorumOf(args: Arguments, relays: number): number {
  const text = args.text('quorum');
  if (text === undefined || text === 'all') return relays;
  if (text === 'majority') return Math.floor(relays / 2) + 1;
  const most = Math.max(1, relays);
  const quorum = args.number('quorum', 1, Number.MAX_SAFE_INTEGER) ?? most;
  if (quorum > most)
    throw new UsageError(
      `--quorum ${quorum} takes as many relays; there ${relays === 1 ? 'is 1' : `are ${relays}`}. Nothing was sent.`,
    );
  return quorum;
}

interface RelayTally {
  accepted: number;
  settled: number;
  trouble: string | undefined;
}

/** What became of all events so far. */
export class Tally {
  readonly #relays: Map<RelayUrl, RelayTally>;
  /** Events that were begun. */
  events = 0;
  last: PublishReport | undefined;
  /** Events that enough relays accepted, and those that any did. */
  #met = 0;
  #accepted = 0;

  constructor(
    relays: readonly RelayUrl[],
    private readonly quorum: number,
  ) {
    this.#relays = new Map(relays.map((relay) => [relay, { accepted: 0, settled: 0, trouble: undefined }]));
  }

  begin(): void {
    this.events++;
  }

  count(relay: RelayUrl, outcome: PublishOutcome): void {
    const tally = this.#relays.get(relay);
    if (!tally) return;
    tally.settled++;
    if (outcome.status === 'accepted') tally.accepted++;
    else tally.trouble = wordsFor(outcome, relay);
  }

  end(report: PublishReport): void {
    this.last = report;
    if (report.accepted >= this.quorum) this.#met++;
    if (report.accepted > 0) this.#accepted++;
  }

  get exitCode(): number {
    if (this.#met === this.events) return ExitCode.ok;
    return this.#accepted > 0 ? ExitCode.partial : ExitCode.nothing;
  }

  get bars(): readonly Bar[] {
    return [...this.#relays].map(([relay, { accepted, settled, trouble }]): Bar => {
      const counted = `${numberText(accepted)} of ${numberText(this.events)} accepted`;
      const isBusy = settled < this.events || this.events === 0;
      const state = isBusy ? 'busy' : accepted === this.events ? 'done' : accepted > 0 ? 'partial' : 'failed';
      const share = this.events > 1 ? settled / this.events : undefined;
      return {
        name: relay,
        state,
        share: isBusy ? share : 1,
        text: trouble === undefined ? counted : `${counted}; ${trouble}`,
      };
    });
  }
}

/** What a relay said, in words that are safe to show. */
export function outcomeOf(
  outcome: PublishOutcome,
  relay: string,
): { readonly status: string; readonly message: string } {
  const { status } = outcome;
  if ('reason' in outcome) return { status, message: harmless(outcome.reason.raw) };
  return { status, message: 'error' in outcome && outcome.error ? withoutRelay(outcome.error.message, relay) : '' };
}

function wordsFor(outcome: PublishOutcome, relay: string): string {
  const { status, message } = outcomeOf(outcome, relay);
  return message === '' ? status : `${status}: ${message}`;
}
