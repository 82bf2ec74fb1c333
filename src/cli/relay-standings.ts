import type { Packet, RelayUrl } from '../index.ts';
import { type Bar, renderBars } from './bars.ts';
import { ExitCode, exitCodeOf } from './exit-code.ts';
import type { Drawing } from './screen.ts';
import { harmless, numberText } from './text.ts';
import { spanText } from './times.ts';

/** How a request stands with one relay. */
interface Standing {
  events: number;
  /** Said EOSE. */
  isWhole: boolean;
  /** Something may be missing. */
  hasGap: boolean;
  /** Refused, lost or too late. */
  trouble: string | undefined;
  text: string;
}

/** How a request stands with its relays, by what they say. */
export class RelayStandings {
  readonly #standings: Map<RelayUrl, Standing>;

  /**
   * @param limit - How many events each relay is asked for; undefined where that is open.
   * @param began - Milliseconds, by the clock of `heard`.
   */
  constructor(
    relays: readonly RelayUrl[],
    private readonly limit: number | undefined,
    private readonly began: number,
  ) {
    const first = { events: 0, isWhole: false, hasGap: false, trouble: undefined, text: '' };
    this.#standings = new Map(relays.map((relay) => [relay, { ...first }]));
  }

  /** Takes in what a relay said; returns it as words where it is trouble. */
  heard(packet: Packet, now: number): string | undefined {
    const standing = this.#standings.get(packet.relay);
    if (!standing) return undefined;
    switch (packet.type) {
      case 'event':
        standing.events++;
        return undefined;
      case 'eose':
        standing.isWhole = true;
        standing.trouble = undefined;
        standing.text = `EOSE after ${spanText(now - this.began)}`;
        return undefined;
      case 'gap':
        standing.hasGap = true;
        // All of it: what comes next says why.
        if (packet.since === 0 && packet.until === Infinity) return undefined;
        return `events of ${isoTime(packet.since)} to ${isoTime(packet.until)} may be missing`;
      case 'closed':
        return changed(standing, `refused: ${harmless(packet.reason.raw)}`);
      case 'lost':
        return changed(standing, `${packet.error.code}: ${withoutRelay(packet.error.message, packet.relay)}`);
    }
  }

  /** The time is over: who has not said anything final is too late. Returns those. */
  over(): readonly RelayUrl[] {
    const late = [...this.#standings].filter(([, { isWhole, trouble }]) => !isWhole && trouble === undefined);
    for (const [, standing] of late) standing.trouble = 'no end of the answer in time';
    return late.map(([relay]) => relay);
  }

  get events(): number {
    return [...this.#standings.values()].reduce((sum, { events }) => sum + events, 0);
  }

  /** All relays gave all that they have, some did, or none. */
  get exitCode(): number {
    const all = [...this.#standings.values()];
    const done = all.filter(({ isWhole, trouble }) => isWhole && trouble === undefined);
    const code = exitCodeOf(done.length, all.length);
    return done.some(({ hasGap }) => hasGap) && code === ExitCode.ok ? ExitCode.partial : code;
  }

  /** @param goesOn - Whether more is awaited after EOSE. */
  drawing(now: () => number, goesOn: boolean): Drawing {
    return (frame, width, height, paint) => {
      const bars = [...this.#standings].map(([relay, standing]): Bar => this.#bar(relay, standing));
      const settled = bars.filter(({ state }) => state !== 'busy').length;
      const what = goesOn ? 'streaming, Ctrl-C ends' : `${settled}/${bars.length} relays`;
      return [
        ...renderBars(bars, frame, width, height - 1, paint),
        paint('dim', `  ${eventsText(this.events)}, ${what}, ${spanText(now() - this.began)}`),
      ];
    };
  }

  #bar(relay: RelayUrl, { events, isWhole, hasGap, trouble, text }: Standing): Bar {
    const count = eventsText(events);
    const share = this.limit === undefined || this.limit === 0 ? undefined : events / this.limit;
    if (trouble !== undefined)
      return { name: relay, state: 'failed', share, text: events > 0 ? `${count}, ${trouble}` : trouble };
    if (!isWhole) return { name: relay, state: 'busy', share, text: count };
    return { name: relay, state: hasGap ? 'partial' : 'done', share: 1, text: `${count}, ${text}` };
  }
}

/** The pool tries again, and says so again: that is no news. */
function changed(standing: Standing, trouble: string): string | undefined {
  if (standing.trouble === trouble) return undefined;
  standing.trouble = trouble;
  return trouble;
}

/** Messages begin with the relay, which stands beside them already. */
export function withoutRelay(message: string, relay: string): string {
  return harmless(message.startsWith(`${relay}: `) ? message.slice(relay.length + 2) : message);
}

function eventsText(count: number): string {
  return `${numberText(count)} event${count === 1 ? '' : 's'}`;
}

function isoTime(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString().replace('.000', '');
}
