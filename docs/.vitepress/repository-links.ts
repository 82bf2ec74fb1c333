import { posix } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

/**
 * Pages link to sources, tests and results beside docs/, which are a part of the repository and not of the site. Such a link becomes its words
 * there, with the path as their title; that the file exists is checked by test/docs/links.test.ts.
 */
export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const { relativePath = '' } = env as { readonly relativePath?: string };
    for (const inline of tokens) {
      let isOutside = false;
      for (const token of inline.children ?? []) {
        if (token.type === 'link_open') {
          const path = outside(relativePath, token.attrGet('href') ?? '');
          isOutside = path !== undefined;
          if (path !== undefined) token.attrs = [['title', `${path} in the repository`]];
        }
        if (isOutside && token.type.startsWith('link_')) {
          token.type = token.type.replace('link', 'repository_link');
          token.tag = 'span';
        }
      }
    }
  });
}

/** The path in the repository, when the link leads out of docs/. */
function outside(page: string, href: string): string | undefined {
  if (/^[a-z]+:|^[/#]/.test(href)) return undefined;
  const path = posix.join('docs', posix.dirname(page), href);
  return path.startsWith('docs/') ? undefined : path;
}
