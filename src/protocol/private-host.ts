type Range4 = readonly [first: number, bits: number];

/** IPv4 addresses that are not for the public internet (IANA special-purpose registry, RFC 6890). */
// Marked as pure: a program that never asks need not carry them.
const PRIVATE_V4: readonly Range4[] = /* @__PURE__ */ (() => [
  range4(0, 0, 0, 0, 8), // this network
  range4(10, 0, 0, 0, 8), // private
  range4(100, 64, 0, 0, 10), // carrier-grade NAT
  range4(127, 0, 0, 0, 8), // loopback
  range4(169, 254, 0, 0, 16), // link-local, cloud metadata
  range4(172, 16, 0, 0, 12), // private
  range4(192, 0, 0, 0, 24), // protocol assignments
  range4(192, 0, 2, 0, 24), // documentation
  range4(192, 168, 0, 0, 16), // private
  range4(198, 18, 0, 0, 15), // benchmarks
  range4(198, 51, 100, 0, 24), // documentation
  range4(203, 0, 113, 0, 24), // documentation
  range4(224, 0, 0, 0, 4), // multicast
  range4(240, 0, 0, 0, 4), // reserved, broadcast
])();

/** Names that no public resolver answers (RFC 6761, 6762 appendix G, 8375, and ICANN's `internal`). */
const PRIVATE_SUFFIXES: readonly string[] = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'home.arpa',
];

/**
 * Whether a host, as the URL standard writes it but without a trailing dot, is this machine's or a private network's: an address outside the
 * public ranges, a name under a private suffix, or a name of a single label.
 */
export function isPrivateHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return isPrivateV6(groups(hostname.slice(1, -1)));
  const v4 = address4(hostname);
  if (v4 !== undefined) return isPrivateV4(v4);
  if (!hostname.includes('.')) return true;
  return PRIVATE_SUFFIXES.some((suffix) => hostname === suffix || hostname.endsWith(`.${suffix}`));
}

function isPrivateV4(address: number): boolean {
  return PRIVATE_V4.some(([first, bits]) => address >>> (32 - bits) === first >>> (32 - bits));
}

function isPrivateV6(parts: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = parts;
  const low = ((g << 16) | h) >>> 0;
  if (a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && f === 0xffff) return isPrivateV4(low); // mapped, ::ffff:0:0/96
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return isPrivateV4(low); // NAT64, RFC 6052
  if (a === 0x2002) return isPrivateV4(((b << 16) | c) >>> 0); // 6to4, RFC 3056
  if (a === 0x2001 && (b < 0x200 || b === 0xdb8)) return true; // protocol assignments with Teredo; documentation
  if (a === 0x3fff && b < 0x1000) return true; // documentation, RFC 9637
  // All else that is public lies in 2000::/3: out go ::, ::1, fc00::/7, fe80::/10, ff00::/8 and what is unassigned.
  return a >>> 13 !== 1;
}

/** The URL standard has brought every notation of an IPv4 address into four decimal numbers. */
function address4(host: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  if (match === null) return undefined;
  return match.slice(1).reduce((address, part) => address * 256 + Number(part), 0);
}

/** The eight groups of an IPv6 address as the URL standard writes it: hex, and `::` for the longest run of zeroes. */
function groups(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const left = numbers(head);
  if (tail === undefined) return left;
  const right = numbers(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function numbers(part: string): number[] {
  return part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
}

function range4(a: number, b: number, c: number, d: number, bits: number): Range4 {
  return [((a << 24) | (b << 16) | (c << 8) | d) >>> 0, bits];
}
