import type { Colour, Paint } from './paint.ts';
import { fit, harmless, padEnd, widthOf } from './text.ts';

/** How far a relay has come. */
export interface Bar {
  readonly name: string;
  readonly state: 'busy' | 'done' | 'partial' | 'failed';
  /** From 0 to 1; undefined where nobody knows. */
  readonly share?: number | undefined;
  /** What is said beside it. */
  readonly text: string;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SIGNS = { done: '✓', partial: '!', failed: '✗' } as const;
const COLOURS: Readonly<Record<Bar['state'], Colour>> = {
  busy: 'cyan',
  done: 'green',
  partial: 'yellow',
  failed: 'red',
};
const WIDEST_BAR = 24;
const WIDEST_NAME = 40;
/** Columns of what runs to and fro where nobody knows how far it is. */
const RUNNER = 5;

/**
 * A line for each relay: how it is, a bar, and what there is to say.
 *
 * @param frame - Counts up from one drawing to the next.
 * @param height - Lines at most; the relays that are still busy are shown first when there are more.
 */
export function renderBars(
  bars: readonly Bar[],
  frame: number,
  width: number,
  height: number,
  paint: Paint,
): readonly string[] {
  const shown = bars.length <= height ? bars : mostInteresting(bars).slice(0, Math.max(0, height - 1));
  const nameWidth = Math.min(WIDEST_NAME, Math.max(0, ...bars.map(({ name }) => widthOf(name))));
  const barWidth = Math.max(0, Math.min(WIDEST_BAR, width - nameWidth - 40));
  const lines = shown.map((bar) => {
    const colour = COLOURS[bar.state];
    const sign = bar.state === 'busy' ? (SPINNER[frame % SPINNER.length] ?? '') : SIGNS[bar.state];
    const name = padEnd(fit(bar.name, nameWidth), nameWidth);
    const room = width - nameWidth - barWidth - (barWidth > 0 ? 6 : 4);
    const drawn = barWidth > 0 ? `  ${renderBar(bar, frame, barWidth, paint)}` : '';
    const text = paint('dim', fit(harmless(bar.text), Math.max(0, room)));
    return `${paint(colour, sign)} ${name}${drawn}  ${text}`.trimEnd();
  });
  const left = bars.length - shown.length;
  return left > 0 && height > 0 ? [...lines, paint('dim', `  and ${left} more`)] : lines;
}

function renderBar({ state, share }: Bar, frame: number, width: number, paint: Paint): string {
  const colour = COLOURS[state];
  if (state === 'busy' && share === undefined) {
    const way = Math.max(1, width - RUNNER);
    const step = frame % (2 * way);
    const before = step < way ? step : 2 * way - step;
    const after = Math.max(0, width - RUNNER - before);
    return (
      paint('dim', '░'.repeat(before)) +
      paint(colour, '█'.repeat(Math.min(RUNNER, width))) +
      paint('dim', '░'.repeat(after))
    );
  }
  const full = Math.round(Math.min(1, Math.max(0, state === 'done' ? 1 : (share ?? 0))) * width);
  return paint(colour, '█'.repeat(full)) + paint('dim', '░'.repeat(width - full));
}

function mostInteresting(bars: readonly Bar[]): readonly Bar[] {
  const order: readonly Bar['state'][] = ['busy', 'failed', 'partial', 'done'];
  return [...bars].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}
