/** The id that the event should have (NIP-01). Browsers have no hash that answers at once. */
export { getEventHash as idOf } from 'nostr-tools/pure';
export { spawnScript } from '../spawn-worker.browser.ts';

/** Code comes over a network, which may take seconds. */
export const CODE_IS_NEAR = false;
