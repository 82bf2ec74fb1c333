/** Bytes that go to a socket at once. */
const CHUNK = 65_536;

/**
 * Packs texts into WebSocket frames (RFC 6455, from server to client, so without a mask), and frames into chunks. Writing bytes that are framed
 * already keeps the relay from being what is measured.
 */
export function* chunksOf(texts: Iterable<readonly Buffer[]>): Generator<Buffer> {
  let chunk = Buffer.allocUnsafe(CHUNK);
  let length = 0;
  for (const parts of texts) {
    const size = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (length + size + 4 > CHUNK) {
      yield chunk.subarray(0, length);
      chunk = Buffer.allocUnsafe(CHUNK);
      length = 0;
    }
    length = writeHead(chunk, length, size);
    for (const part of parts) {
      chunk.set(part, length);
      length += part.byteLength;
    }
  }
  if (length > 0) yield chunk.subarray(0, length);
}

function writeHead(chunk: Buffer, at: number, size: number): number {
  if (size > 0xffff) throw new RangeError(`A frame has at most 65,535 bytes here, not ${size}.`);
  chunk[at] = 0x81;
  if (size < 126) {
    chunk[at + 1] = size;
    return at + 2;
  }
  chunk[at + 1] = 126;
  chunk.writeUInt16BE(size, at + 2);
  return at + 4;
}
