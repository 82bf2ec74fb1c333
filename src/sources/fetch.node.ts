import { get, type IncomingMessage } from 'node:http';
import { get as getSecurely } from 'node:https';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import type { BodyReader, FetchAnswer, FetchInit, FetchLike } from './fetch.ts';

const MOST_REDIRECTS = 10;

/** By `node:http`, which `ws` has loaded already: Node's own fetch takes, the first time, as much CPU as some five thousand events. */
export const platformFetch: FetchLike = async (url, init) => {
  let at = new URL(url);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const message = await head(at, init);
    const { location } = message.headers;
    const status = message.statusCode ?? 0;
    if (location === undefined || status < 300 || status > 399) return answer(at, status, message);
    message.destroy();
    at = new URL(location, at);
  }
  throw new Error('too many redirects');
};

function head(url: URL, { headers, signal }: FetchInit): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? getSecurely : get;
    // No agent: no connection is kept open when the document is there.
    request(url, { headers, signal, agent: false }, resolve).on('error', reject);
  });
}

function answer(url: URL, status: number, message: IncomingMessage): FetchAnswer {
  const { headers } = message;
  return {
    ok: status >= 200 && status <= 299,
    status,
    url: url.href,
    headers: { get: (name) => headers[name]?.toString() ?? null },
    body: { getReader: () => readerOf(message) },
  };
}

function readerOf(message: IncomingMessage): BodyReader {
  const pieces: AsyncIterator<Uint8Array> = unpacked(message)[Symbol.asyncIterator]();
  return {
    read: async () => {
      const piece = await pieces.next();
      return piece.done === true ? { done: true } : { done: false, value: piece.value };
    },
    cancel: () => {
      message.destroy();
      return Promise.resolve();
    },
  };
}

/** Nothing packed was asked for; some servers send it all the same. */
function unpacked(message: IncomingMessage): Readable {
  const encoding = message.headers['content-encoding'];
  if (encoding !== 'gzip' && encoding !== 'deflate' && encoding !== 'br') return message;
  const unpack = encoding === 'br' ? createBrotliDecompress() : createUnzip();
  message.on('error', (error) => unpack.destroy(error)).on('close', () => unpack.end());
  return message.pipe(unpack);
}
