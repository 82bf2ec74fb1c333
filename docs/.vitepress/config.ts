import { defineConfig } from 'vitepress';
import { sidebar } from './pages.ts';
import { repositoryLinks } from './repository-links.ts';

/** A link that leads nowhere fails the build: that is VitePress's default. */
export default defineConfig({
  title: 'rx-relay-pool',
  description: 'Nostr relays as RxJS streams: a relay pool that loses no event',
  lang: 'en',
  cleanUrls: true,
  cacheDir: '../.cache/vitepress',
  rewrites: { 'operators/README.md': 'operators/index.md', 'recipes/README.md': 'recipes/index.md' },
  markdown: { config: repositoryLinks },
  // The index of the search is one file.
  vite: { build: { chunkSizeWarningLimit: 8_000 } },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/getting-started' },
      { text: 'Recipes', link: '/recipes/' },
      { text: 'Operators', link: '/operators/' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
