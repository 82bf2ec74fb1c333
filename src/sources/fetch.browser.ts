import type { FetchLike } from './fetch.ts';

/** The platform's, looked up when it is called, as those who test their app replace it. */
export const platformFetch: FetchLike = (url, init) => globalThis.fetch(url, init);
