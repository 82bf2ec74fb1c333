import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { snippetsOfMarkdown, snippetsOfSource, typeCheck, undocumentedExports } from './snippets.ts';

// The compiler takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

describe('snippetsOfMarkdown', () => {
  it('finds ts blocks with the line of their first line of code', () => {
    const text = [
      '# Title',
      '',
      '```ts',
      'const a = 1;',
      'const b = 2;',
      '```',
      '',
      '```typescript',
      'const c = 3;',
      '```',
    ];
    expect(snippetsOfMarkdown('a.md', text.join('\n'))).toEqual([
      { file: 'a.md', line: 4, code: 'const a = 1;\nconst b = 2;', run: false },
      { file: 'a.md', line: 9, code: 'const c = 3;', run: false },
    ]);
  });

  it('leaves other languages alone', () => {
    expect(snippetsOfMarkdown('a.md', '```bash\nls\n```\n```\nplain\n```\n```svelte\n<a/>\n```')).toEqual([]);
  });

  it('finds tsx blocks, and says that they have elements in them', () => {
    expect(snippetsOfMarkdown('a.md', '```tsx\n<a/>\n```')).toEqual([
      { file: 'a.md', line: 2, code: '<a/>', run: false, jsx: true },
    ]);
  });

  it('marks what is to be run', () => {
    expect(snippetsOfMarkdown('a.md', '```ts run\nlet a;\n```').map(({ run }) => run)).toEqual([true]);
  });

  it('takes the text block right behind what is to be run as what it prints', () => {
    const outputs = (lines: string[]) => snippetsOfMarkdown('a.md', lines.join('\n')).map(({ output }) => output);
    const run = ['```ts run', 'a();', '```'];
    const text = ['```text', '1', '', '  2', '```'];
    expect(outputs([...run, ...text])).toEqual(['1\n\n  2']);
    expect(outputs([...run, '', ...text, ...run, ...text])).toEqual(['1\n\n  2', '1\n\n  2']);
    expect(outputs([...run, '```text', '```'])).toEqual(['']);
    // Not what it prints: behind words, behind another block, a second one, and behind what is not run.
    expect(outputs([...run, 'words', ...text])).toEqual([undefined]);
    expect(outputs([...run, '```', 'plain', '```', ...text])).toEqual([undefined]);
    expect(outputs([...run, '```text', '1', '```', ...text])).toEqual(['1']);
    expect(outputs(['```ts', 'a();', '```', ...text])).toEqual([undefined]);
    expect(outputs([...run, '```ts', 'b();', '```', ...text])).toEqual([undefined, undefined]);
  });

  it('takes the indent of a list off', () => {
    expect(snippetsOfMarkdown('a.md', '- item\n  ```ts\n  if (a) {\n    b();\n  }\n  ```')[0]?.code).toBe(
      'if (a) {\n  b();\n}',
    );
  });

  it('refuses a fence that is never closed', () => {
    expect(() => snippetsOfMarkdown('a.md', 'text\n```ts\nconst a = 1;')).toThrow('a.md:2: this fence is never closed');
  });
});

describe('snippetsOfSource', () => {
  const source = [
    'const before = 1;',
    '/**',
    ' * Does a thing.',
    ' *',
    ' * ```ts',
    ' * notAnExample();',
    ' * ```',
    ' * @example',
    ' * Words about it.',
    ' * ```ts',
    ' * @decorated',
    ' * class A {',
    ' *   b = 1;',
    ' * }',
    ' * ```',
    ' * @throws never',
    ' * ```ts',
    ' * notAnExampleEither();',
    ' * ```',
    ' */',
    'export const a = 1;',
    '/** @example',
    ' * ```ts',
    ' * second();',
    ' * ```',
    ' * @example',
    ' * ```ts',
    ' * third();',
    ' * ```',
    ' */',
  ].join('\n');

  it('finds the blocks under @example alone, with their lines', () => {
    expect(snippetsOfSource('a.ts', source)).toEqual([
      { file: 'a.ts', line: 11, code: '@decorated\nclass A {\n  b = 1;\n}', run: false },
      { file: 'a.ts', line: 24, code: 'second();', run: false },
      { file: 'a.ts', line: 28, code: 'third();', run: false },
    ]);
  });

  it('refuses a fence that is never closed', () => {
    expect(() => snippetsOfSource('a.ts', '/**\n * @example\n * ```ts\n * a();\n */')).toThrow('a.ts:3');
  });
});

describe('with a project', () => {
  let root: string;
  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'snippets-')));
    const compilerOptions = {
      strict: true,
      module: 'ESNext',
      moduleResolution: 'bundler',
      target: 'ES2022',
      lib: ['ES2022'],
      types: [],
    };
    writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    const library = [
      '/** Doubles.\n * @example\n * ```ts\n * double(1);\n * ```\n */',
      'export function double(n: number): number {',
      '  return n * 2;',
      '}',
    ];
    writeFileSync(join(root, 'library.ts'), library.join('\n'));
    const bare = [
      '/** Has words. */',
      'export const words = 1;',
      'export const nothing = 2;',
      "export { double } from './library';",
    ];
    writeFileSync(join(root, 'bare.ts'), bare.join('\n'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const paths = { library: ['./library.ts'] };
  const check = (code: string) => typeCheck(root, [{ file: 'README.md', line: 10, code, run: false }], paths);

  it('accepts a snippet that compiles', () => {
    expect(check("import { double } from 'library';\nconst four: number = double(2);")).toEqual([]);
  });

  it('reports a type error at its line in the document', () => {
    expect(check("import { double } from 'library';\n\ndouble('two');")).toEqual([
      "README.md:12: Argument of type 'string' is not assignable to parameter of type 'number'.",
    ]);
  });

  it('reports a name that does not exist, and a module that does not', () => {
    expect(check("import { triple } from 'library';")).toHaveLength(1);
    expect(check("import { triple } from 'other';")).toHaveLength(1);
    expect(check('double(2);')).toEqual(["README.md:10: Cannot find name 'double'."]);
  });

  it('reports broken syntax', () => {
    expect(check('const = 1;')).not.toEqual([]);
  });

  it('keeps the names of snippets apart', () => {
    const code = 'const a = 1;';
    expect(
      typeCheck(
        root,
        [1, 2].map((line) => ({ file: 'a.md', line, code, run: false })),
        paths,
      ),
    ).toEqual([]);
  });

  it('names exports without a docstring or an example', () => {
    expect(undocumentedExports(root, ['library.ts'])).toEqual([]);
    expect(undocumentedExports(root, ['bare.ts'])).toEqual([
      'bare.ts: words has no @example',
      'bare.ts: nothing has no docstring',
    ]);
  });
});
