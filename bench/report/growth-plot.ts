/** One diagram: a line for each participant over equally spaced ticks. */
export interface Panel {
  readonly title: string;
  readonly ticks: readonly string[];
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const WIDTH = 300;
const HEIGHT = 260;
const MARGIN = { left: 44, right: 14, top: 34, bottom: 62 };
/** Of the names that there are, in the order in which they come; readable on white and on black. */
const COLOURS = ['#888888', '#d9480f', '#1c7ed6', '#2b8a3e'];

/** The panels side by side, as an SVG. A value that is NaN is left out of its line. */
export function plot(panels: readonly Panel[]): string {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const colourOf = (name: string): string => COLOURS[names.indexOf(name) % COLOURS.length] ?? '';
  // The last label stands out beyond its panel.
  const width = WIDTH * panels.length + MARGIN.right;
  const drawn = panels.map((panel, i) => `<g transform="translate(${i * WIDTH} 0)">${drawPanel(panel, colourOf)}</g>`);
  const legend = names.map(
    (name, i) =>
      `<g transform="translate(${MARGIN.left + i * 200} ${HEIGHT - 10})"><line x2="18" y1="-4" y2="-4" stroke="${colourOf(name)}" stroke-width="2"/><text x="24" text-anchor="start">${name}</text></g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" font-family="sans-serif" font-size="11" fill="#777" text-anchor="middle">
${[...drawn, ...legend].join('\n')}
</svg>
`;
}

function drawPanel({ title, ticks, lines }: Panel, colourOf: (name: string) => string): string {
  const top = niceTop(Math.max(1, ...lines.flatMap(({ values }) => values.filter((value) => !Number.isNaN(value)))));
  const x = (i: number): number =>
    MARGIN.left + (i / Math.max(1, ticks.length - 1)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number): number => HEIGHT - MARGIN.bottom - (value / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(share * top).toFixed(1);
    return `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#8884"/><text x="${MARGIN.left - 6}" y="${at}" dy="4" text-anchor="end">${share * top}</text>`;
  });
  const labels = ticks.map(
    (tick, i) => `<text x="${x(i).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 16}">${tick}</text>`,
  );
  const curves = lines.map(({ name, values }) => {
    const points = values.flatMap((value, i) => (Number.isNaN(value) ? [] : [[x(i), y(value)] as const]));
    const path = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ');
    const dots = points.map(
      ([px, py]) => `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3" fill="${colourOf(name)}"/>`,
    );
    return `<polyline points="${path}" fill="none" stroke="${colourOf(name)}" stroke-width="2"/>${dots.join('')}`;
  });
  const heading = `<text x="${WIDTH / 2}" y="18" font-size="13">${title}: µs of CPU per event</text>`;
  return [heading, ...grid, ...labels, ...curves].join('');
}

/** The next of 4, 8, 20, 40, 80, 200 … above a value, so that a quarter of it is a short number. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value / 4));
  return [4, 8, 20, 40].map((step) => step * power).find((step) => step >= value) ?? value;
}
