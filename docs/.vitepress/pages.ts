import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DefaultTheme } from 'vitepress';

const docs = fileURLToPath(new URL('..', import.meta.url));

/** Pages at the top, in the order in which they are read. A page that is not there is left out; one that is not named here comes last. */
const groups: readonly (readonly [title: string, pages: readonly string[]])[] = [
  ['Begin', ['getting-started', 'concepts', 'migration']],
  [
    'Guide',
    [
      'routes',
      'discovery',
      'counting-and-sync',
      'durable-outbox',
      'testing',
      'performance',
      'reliability',
      'verification',
    ],
  ],
  ['Frameworks and tools', ['angular', 'react', 'svelte', 'dashboard', 'opentelemetry', 'command-line']],
];

type Item = DefaultTheme.SidebarItem;

/** The sidebar: what folders hold is found, so that a new page shows by itself. */
export function sidebar(): Item[] {
  const named = groups.flatMap(([, pages]) => pages);
  const others = pagesIn('').filter((name) => name !== 'index' && !named.includes(name));
  const top = [...groups, ['More', others] as const].map(([text, pages]): Item => {
    return { text, items: pages.filter((name) => existsSync(`${docs}${name}.md`)).map((name) => page('', name)) };
  });
  return [
    ...top,
    folder('Recipes', 'recipes/'),
    folder('Operators', 'operators/'),
    folder('Decisions', 'decisions/'),
    ...(existsSync(`${docs}api`) ? [api()] : []),
  ].filter(({ items }) => items?.length !== 0);
}

function pagesIn(path: string): string[] {
  return readdirSync(docs + path)
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length))
    .sort();
}

function page(path: string, name: string): Item {
  const [, title = name] = /^# (.+)$/m.exec(readFileSync(`${docs}${path}${name}.md`, 'utf8')) ?? [];
  return { text: title.replaceAll('`', ''), link: `/${path}${name}`.replace(/index$/, '') };
}

/** A folder whose README.md is its first page. */
function folder(text: string, path: string): Item {
  const pages = pagesIn(path);
  const items = pages.filter((name) => name !== 'README').map((name) => page(path, name));
  return { text, collapsed: true, items, ...(pages.includes('README') ? { link: `/${path}` } : {}) };
}

/** A folder for each subpath of the package, the package itself first. */
function api(): Item {
  const modules = readdirSync(`${docs}api`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const items = modules.map(({ name }) => page('api/', `${name}/index`));
  items.sort((a, b) => (a.text ?? '').localeCompare(b.text ?? ''));
  return { text: 'API', link: '/api/', collapsed: true, items };
}
