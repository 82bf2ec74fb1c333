import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const documents = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('api/'))
    .map((name) => `docs/${name}`),
].sort();

/** Without code, in which brackets mean something else. */
const proseOf = (file: string): string =>
  readFileSync(join(ROOT, file), 'utf8')
    .replace(/^\s*```[\s\S]*?^\s*```$/gm, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''));

/** The anchors of the headings, as GitHub and VitePress make them of plain words. */
const anchorsOf = (file: string): string[] =>
  [...proseOf(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** What is wrong with the links of a document. */
function brokenLinks(file: string): string[] {
  return [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), path);
    if (!existsSync(join(ROOT, target))) return [`${link}: there is no ${target}`];
    if (anchor === undefined || !target.endsWith('.md') || anchorsOf(target).includes(anchor)) return [];
    return [`${link}: ${target} has no such heading`];
  });
}

describe('the links of a document', () => {
  it('are looked for in all of them', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/index.md', 'docs/recipes/README.md']));
  });

  it.for(documents)('%s lead to files and headings that there are', (file) => {
    expect(brokenLinks(file)).toEqual([]);
  });
});

describe('every page of the guide', () => {
  const linked = (from: string): string[] =>
    [...proseOf(from).matchAll(/\]\(([^)#\s]+)/g)].map(([, link = '']) => join(dirname(from), link));

  it.for(documents.filter((file) => /^docs\/(recipes|operators)\//.test(file) && !file.endsWith('/README.md')))(
    '%s is linked from the first page of its folder',
    (file) => {
      expect(linked(`${dirname(file)}/README.md`)).toContain(file);
    },
  );
});
