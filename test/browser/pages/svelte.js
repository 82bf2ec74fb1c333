/* global document */
// The page of the Svelte suite.
import { flushSync, mount, unmount } from 'svelte';
import App from './svelte/App.svelte';

let app;
// Whoever writes so many events checks their signatures elsewhere.
const sure = { verify: (events) => events.map(() => true) };

/** What the tests drive. */
globalThis.svelteApp = {
  mount({ options, isSure, ...props }) {
    const ofPool = { ...options, ...(isSure ? { verifier: sure } : {}) };
    app = mount(App, { target: document.body, props: { ...props, options: ofPool } });
    flushSync();
  },
  unmount: () => unmount(app),
};
// The page is ready.
globalThis.library = {};
