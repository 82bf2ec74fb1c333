import type { Colour, Paint } from './paint.ts';
import { fit, padEnd, padStart, widthOf } from './text.ts';

export interface Cell {
  readonly text: string;
  readonly colour?: Colour | undefined;
}

export interface Column {
  readonly title: string;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
  /** Columns that go first when there is no room, the highest first. @default it never goes */
  readonly expendable?: number;
}

const GAP = '  ';

/** Lines of a table with aligned columns, none wider than `width`: first columns go, then the end of what is longest is cut. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
  paint: Paint,
): readonly string[] {
  let shown = columns.map((column, at) => ({
    ...column,
    at,
    width: Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[at]?.text ?? ''))),
  }));
  const total = (): number => shown.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
  while (total() > width && shown.some(({ expendable }) => expendable !== undefined)) {
    const most = Math.max(...shown.map(({ expendable = 0 }) => expendable));
    shown = shown.filter(({ expendable }) => expendable !== most);
  }
  const excess = total() - width;
  const widest = Math.max(...shown.map((column) => column.width));
  const cut = shown.findIndex((column) => column.width === widest);
  if (excess > 0)
    shown = shown.map((column, at) => (at === cut ? { ...column, width: Math.max(8, widest - excess) } : column));
  const line = (cellOf: (column: { readonly at: number; readonly title: string }) => Cell): string =>
    shown
      .map((column, position) => {
        const { text, colour } = cellOf(column);
        const fitting = fit(text, column.width);
        // No blanks at the end of a line, where a terminal would wrap them.
        const isLast = position === shown.length - 1 && column.align !== 'right';
        const padded = isLast ? fitting : (column.align === 'right' ? padStart : padEnd)(fitting, column.width);
        return colour ? paint(colour, padded) : padded;
      })
      .join(GAP)
      .trimEnd();
  return [
    line(({ title }) => ({ text: title, colour: 'dim' })),
    ...rows.map((row) => line(({ at }) => row[at] ?? { text: '' })),
  ];
}
