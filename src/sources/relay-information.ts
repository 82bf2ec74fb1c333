import { platformFetch } from '#fetch';
import { asyncScheduler, Observable, type SchedulerLike } from 'rxjs';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { isPrivateHost } from '../protocol/private-host.ts';
import { parseRelayInformation, type RelayInformation } from '../protocol/relay-information-document.ts';
import { relayUrl, type RelayUrl } from '../protocol/relay-url.ts';
import type { BodyReader, FetchAnswer, FetchLike } from './fetch.ts';

/**
 * Why there is no information of a relay:
 *
 * - `unreachable`: no answer came, or it broke off; in browsers also: the relay does not let other sites read it (CORS)
 * - `timeout`: there was no whole document in time
 * - `too-large`: the document is larger than is taken
 * - `not-found`: the answer has another status than success
 * - `not-a-document`: something else came, such as a web page
 *
 * @example
 * ```ts
 * import type { RelayInformationErrorCode } from 'rx-relay-pool';
 *
 * const worthAnotherTry: readonly RelayInformationErrorCode[] = ['unreachable', 'timeout'];
 * ```
 */
export type RelayInformationErrorCode = 'unreachable' | 'timeout' | 'too-large' | 'not-found' | 'not-a-document';

/**
 * The error of {@link fetchRelayInformation}. It says nothing about whether the relay works: many serve no document.
 *
 * @example
 * ```ts
 * import { fetchRelayInformation, RelayInformationError } from 'rx-relay-pool';
 *
 * fetchRelayInformation('wss://relay.example').subscribe({
 *   error: (error) => {
 *     if (error instanceof RelayInformationError && error.code === 'not-found') console.warn(`status ${error.status}`);
 *   },
 * });
 * ```
 */
export class RelayInformationError extends Error {
  override readonly name = 'RelayInformationError';
  /** The status of the answer where the code is `not-found`. */
  readonly status: number | undefined;

  constructor(
    /** What kind of trouble. */
    readonly code: RelayInformationErrorCode,
    /** The relay that was asked. */
    readonly relay: RelayUrl,
    /** What happened, and what to do about it. */
    message: string,
    options: ErrorOptions & { readonly status?: number } = {},
  ) {
    super(`${relay}: ${message}`, options);
    this.status = options.status;
  }
}

/**
 * How the information of a relay is fetched.
 *
 * @example
 * ```ts
 * import { fetchRelayInformation, type RelayInformationOptions } from 'rx-relay-pool';
 *
 * const patient: RelayInformationOptions = { timeout: 20_000 };
 * fetchRelayInformation('wss://relay.example', patient).subscribe(({ name }) => console.log(name));
 * ```
 */
export interface RelayInformationOptions {
  /** Asks by HTTP. @default the platform's; in Node by `node:http` */
  readonly fetch?: FetchLike | undefined;
  /** Milliseconds for everything, from the request to the end of the document, 0 to 2^31 - 1. @default 5_000 */
  readonly timeout?: number | undefined;
  /** The largest document that is taken, in bytes, unpacked; from 1. @default 131_072 */
  readonly maxBytes?: number | undefined;
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/** `application/nostr+json`, and the `application/json` of many relays. */
const JSON_TYPE = /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/**
 * Asks a relay what it says about itself (NIP-11), once for each subscription: emits one {@link RelayInformation} and completes.
 * Unsubscribing gives the request up. The document is the relay's word and no more, so nothing in it is taken without a look, and
 * neither its size nor its time is the relay's to choose.
 *
 * The stream errors with a {@link RelayInformationError} when there is no document to be had. Take that for "unknown": the relay
 * may well work.
 *
 * The request carries no cookies and one header, which browsers let through without asking first. It is not kept in HTTP caches, where the
 * relay's web page may lie under the same address. Redirects are followed; the answer is not read when they led from a public host
 * into a private network. That is found out when the request has been made: where a server must not even ask there,
 * give it a `fetch` of its own.
 *
 * @throws {@link RelayUrlError} at once when `url` is none of a relay, and RangeError when an option is out of its range.
 *
 * @example
 * ```ts
 * import { fetchRelayInformation } from 'rx-relay-pool';
 *
 * fetchRelayInformation('wss://relay.example').subscribe({
 *   next: ({ name, supportedNips, limits }) => console.log(name, supportedNips, limits.maxSubscriptions),
 *   error: (error) => console.warn(error),
 * });
 * ```
 */
export function fetchRelayInformation(
  url: string,
  options: RelayInformationOptions = {},
): Observable<RelayInformation> {
  const relay = relayUrl(url);
  const { fetch = platformFetch, timeout = 5_000, maxBytes = 131_072, scheduler = asyncScheduler } = options;
  if (!(timeout >= 0 && timeout <= LONGEST_DELAY)) {
    throw new RangeError(`fetchRelayInformation: 'timeout' is milliseconds from 0 to 2^31 - 1; got ${timeout}.`);
  }
  if (!(Number.isSafeInteger(maxBytes) && maxBytes > 0)) {
    throw new RangeError(`fetchRelayInformation: 'maxBytes' is a whole number above 0; got ${maxBytes}.`);
  }
  return new Observable((subscriber) => {
    const request = new AbortController();
    let isRead = false;
    const fail = (error: RelayInformationError): void => {
      // Before the error, so that whoever tries again does not have two requests under way.
      request.abort();
      subscriber.error(error);
    };
    subscriber.add(() => {
      // To abort what is over costs an error, and its stack.
      if (!isRead) request.abort();
    });
    subscriber.add(
      scheduler.schedule(
        () =>
          fail(
            new RelayInformationError(
              'timeout',
              relay,
              `No whole document within ${timeout} ms; try again, or give it a longer 'timeout'.`,
            ),
          ),
        timeout,
      ),
    );
    // The end is not left to the promise: Node's fetch may stay pending for ever after an abort.
    download(relay, fetch, maxBytes, request.signal).then(
      (information) => {
        isRead = true;
        subscriber.next(information);
        subscriber.complete();
      },
      (cause: unknown) => fail(cause instanceof RelayInformationError ? cause : unreachable(relay, cause)),
    );
  });
}

/** Rejects when there is no document. Once the signal is aborted nobody waits for it any more, but it still puts away what comes. */
async function download(
  relay: RelayUrl,
  fetch: FetchLike,
  maxBytes: number,
  signal: AbortSignal,
): Promise<RelayInformation> {
  const response = await fetch(relay.replace(/^ws/, 'http'), {
    headers: { Accept: 'application/nostr+json' },
    credentials: 'omit',
    redirect: 'follow',
    cache: 'no-store',
    signal,
  });
  const body = response.body?.getReader();
  if (body) cancelOnAbort(body, signal);
  checkHead(relay, response);
  const tooLarge = (): RelayInformationError =>
    new RelayInformationError('too-large', relay, `The document is larger than ${maxBytes} bytes; see 'maxBytes'.`);
  if (Number(response.headers.get('content-length')) > maxBytes) throw tooLarge();

  // As browsers read JSON: what is no UTF-8 becomes U+FFFD, and a mark at the beginning is skipped.
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (let chunk = await body?.read(); chunk?.value; chunk = await body?.read()) {
    bytes += chunk.value.byteLength;
    if (bytes > maxBytes) throw tooLarge();
    text += decoder.decode(chunk.value, { stream: true });
  }
  const information = parseRelayInformation(text + decoder.decode());
  if (!information) throw noDocument(relay, 'The answer is no JSON object');
  return information;
}

/** Throws when the body is not worth reading. */
function checkHead(relay: RelayUrl, { ok, status, url, headers }: FetchAnswer): void {
  if (url !== '' && leadsIntoPrivate(url) && !leadsIntoPrivate(relay)) {
    throw new RelayInformationError(
      'unreachable',
      relay,
      'It redirects into a private network; ask the new place itself if you trust it.',
    );
  }
  if (!ok) {
    const message = `The answer has the status ${status}; the relay has no document here, or not now.`;
    throw new RelayInformationError('not-found', relay, message, { status });
  }
  const type = headers.get('content-type');
  if (type !== null && !JSON_TYPE.test(type))
    throw noDocument(relay, `The answer is of the type ${type.slice(0, 100)}`);
}

function leadsIntoPrivate(url: string): boolean {
  return isPrivateHost(new URL(url).hostname.replace(/\.$/, ''));
}

/** Whatever the end, no body is left unread, which would hold its connection. */
function cancelOnAbort(body: BodyReader, signal: AbortSignal): void {
  const cancel = (): void => {
    // It rejects when the abort has ended the stream by itself.
    body.cancel().catch(() => undefined);
  };
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
}

function noDocument(relay: RelayUrl, what: string): RelayInformationError {
  const message = `${what} and so no information document; take the relay's limits and NIPs as unknown.`;
  return new RelayInformationError('not-a-document', relay, message);
}

function unreachable(relay: RelayUrl, cause: unknown): RelayInformationError {
  const why = cause instanceof Error ? cause.message : 'for no reason that was given';
  const message = `No answer, or it broke off (${why}); try again later. In a browser the relay also has to allow it (CORS).`;
  return new RelayInformationError('unreachable', relay, message, { cause });
}
