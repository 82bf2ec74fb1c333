import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runAlone, runTogether } from './run-snippets.ts';
import type { Snippet } from './snippets.ts';

const folder = mkdtempSync(join(tmpdir(), 'run-snippets-'));
afterAll(() => rmSync(folder, { recursive: true }));

let line = 0;
const snippet = (code: string): Snippet => ({ file: 'docs/a.md', line: ++line, code, run: true });

describe('runAlone', () => {
  it('says how the process ended', async () => {
    expect(await runAlone(snippet('const n: number = 1; console.log(n);'), folder)).toEqual({
      status: 0,
      problems: '',
    });
  });

  it('says what was wrong, and where', async () => {
    const { status, problems } = await runAlone(snippet("throw new Error('broken');"), folder);
    expect(status).toBe(1);
    expect(problems).toContain(`docs-a.md-line-${line}.mjs`);
    expect(problems).toContain('Error: broken');
  });
});

describe('runTogether', () => {
  it('keeps apart what each prints, late words too', async () => {
    const codes = [
      "setTimeout(() => console.log('late'), 20); console.log('first');",
      "const n: number = 1; console.log('n is', n, { n }); console.warn('a warning');",
      'await Promise.resolve();',
    ];
    expect(await runTogether(codes.map(snippet), folder)).toEqual({
      status: 0,
      problems: '',
      traces: [
        { printed: 'first\nlate\n', ended: true },
        { printed: 'n is 1 { n: 1 }\na warning\n', ended: true },
        { printed: '', ended: true },
      ],
    });
  });

  it('tells of one that throws; the others run all the same', async () => {
    const broken = snippet("console.log('a');\nawait Promise.resolve();\nthrow new Error('now');");
    const { status, problems, traces } = await runTogether([broken, snippet("console.log('b');")], folder);
    expect(status).toBe(1);
    expect(problems).toContain(`docs-a.md-line-${broken.line}.mjs`);
    expect(traces).toEqual([
      { printed: 'a\n', ended: false },
      { printed: 'b\n', ended: true },
    ]);
  });

  it('tells of an error out of a callback', async () => {
    const { status, problems } = await runTogether(
      [snippet("setTimeout(() => { throw new Error('later'); });")],
      folder,
    );
    expect(status).toBe(1);
    expect(problems).toContain(`docs-a.md-line-${line}.mjs`);
  });

  it('tells of one that waits for ever; the others run all the same', async () => {
    const { status, traces } = await runTogether(
      ["console.log('a');\nawait new Promise(() => {});", "console.log('b');"].map(snippet),
      folder,
    );
    expect(status).not.toBe(0);
    expect(traces).toEqual([
      { printed: 'a\n', ended: false },
      { printed: 'b\n', ended: true },
    ]);
  });
});
