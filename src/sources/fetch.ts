/**
 * What the library uses of the standard `fetch`: a GET whose answer is read piece by piece. The platform's is one.
 *
 * @example
 * ```ts
 * import { type FetchLike, fetchRelayInformation } from 'rx-relay-pool';
 *
 * const logged: FetchLike = (url, init) => {
 *   console.log(`GET ${url}`);
 *   return fetch(url, init);
 * };
 * fetchRelayInformation('wss://relay.example', { fetch: logged });
 * ```
 */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchAnswer>;

/**
 * How {@link FetchLike} is asked.
 *
 * @example
 * ```ts
 * import type { FetchInit } from 'rx-relay-pool';
 *
 * const wanted = ({ headers }: FetchInit): string | undefined => headers['Accept'];
 * ```
 */
export interface FetchInit {
  readonly headers: Record<string, string>;
  readonly credentials: 'omit';
  readonly redirect: 'follow';
  readonly cache: 'no-store';
  readonly signal: AbortSignal;
}

/**
 * What {@link FetchLike} answers: of a `Response` that which is used.
 *
 * @example
 * ```ts
 * import type { FetchAnswer } from 'rx-relay-pool';
 *
 * const answer: FetchAnswer = new Response('{}', { headers: { 'content-type': 'application/json' } });
 * ```
 */
export interface FetchAnswer {
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  readonly status: number;
  /** Where it came from in the end, or `''`. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): BodyReader } | null;
}

/**
 * Reads a body, unpacked, piece by piece.
 *
 * @example
 * ```ts
 * import type { BodyReader } from 'rx-relay-pool';
 *
 * const reader: BodyReader | undefined = new Response('text').body?.getReader();
 * ```
 */
export interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}
