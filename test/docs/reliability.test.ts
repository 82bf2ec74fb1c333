import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const page = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));
const text = readFileSync(page, 'utf8');
const links = [...text.matchAll(/\]\(([^)]+)\)(?: › `([^`]+)`)?/g)].map(([, path = '', name]) => ({ path, name }));

describe('docs/reliability.md', () => {
  it('names tests for all ten invariants', () => {
    expect([...text.matchAll(/^\| (\d+)\. .*\]\(|^\| 8\. /gm)]).toHaveLength(10);
  });

  it.each(links)('$path $name is there', ({ path, name }) => {
    const file = join(dirname(page), path);
    expect(existsSync(file)).toBe(true);
    if (name !== undefined) expect(readFileSync(file, 'utf8')).toContain(name);
  });

  it('names commands that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(dirname(page), '../package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const [, name = ''] of text.matchAll(/`npm run ([\w:]+)`/g)) expect(Object.keys(scripts)).toContain(name);
  });
});
