/* global Buffer */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const HEADER = 8;
/** Length, type and checksum of a chunk. */
const FRAME = 12;

/**
 * The same picture in a smaller file. Chromium packs PNGs quickly, and each line by its difference to others; areas of one colour, of which screens
 * consist, are smaller without. For pictures of 8 bits a channel, RGB or RGBA, as Chromium makes them.
 */
export function packPng(png) {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const channels = { 2: 3, 6: 4 }[png[25]];
  if (png[24] !== 8 || channels === undefined) throw new Error('packPng: a PNG of 8 bits a channel, RGB or RGBA.');
  const others = [];
  const packed = [];
  for (let at = HEADER; at < png.length;) {
    const end = at + FRAME + png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') packed.push(png.subarray(at + 8, end - 4));
    else others.push(png.subarray(at, end));
    at = end;
  }
  const lines = plainLines(inflateSync(Buffer.concat(packed)), width * channels, height, channels);
  const data = chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 }));
  return Buffer.concat([png.subarray(0, HEADER), ...others.slice(0, -1), data, ...others.slice(-1)]);
}

/** Takes the differences back (PNG, 9.2); each line begins with the number of its filter, here 0. */
function plainLines(lines, width, height, channels) {
  const plain = Buffer.alloc(lines.length);
  const stride = width + 1;
  for (let y = 0; y < height; y++) {
    const filter = lines[y * stride];
    for (let x = 1; x <= width; x++) {
      const at = y * stride + x;
      const left = x > channels ? plain[at - channels] : 0;
      const above = y > 0 ? plain[at - stride] : 0;
      const corner = x > channels && y > 0 ? plain[at - stride - channels] : 0;
      const guesses = [0, left, above, (left + above) >> 1, nearest(left, above, corner)];
      plain[at] = lines[at] + guesses[filter];
    }
  }
  return plain;
}

/** Of three neighbours the one nearest to where they lead (Paeth). */
function nearest(left, above, corner) {
  const guess = left + above - corner;
  const [toLeft, toAbove, toCorner] = [left, above, corner].map((value) => Math.abs(guess - value));
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function chunk(type, data) {
  const typed = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}
