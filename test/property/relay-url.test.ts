import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPrivateHost } from '../../src/protocol/private-host.ts';
import { admitRelayUrl, relayUrl, RelayUrlError, type RelayUrl } from '../../src/protocol/relay-url.ts';

function tryUrl(read: (input: string) => RelayUrl, input: string): RelayUrl | undefined {
  try {
    return read(input);
  } catch (error) {
    expect(error).toBeInstanceOf(RelayUrlError);
    return undefined;
  }
}

const anyAddress = fc.oneof(
  fc.webUrl({ validSchemes: ['ws', 'wss'], withQueryParameters: true, withFragments: true }),
  fc.tuple(fc.constantFrom('ws://', 'wss://', 'WSS:'), fc.string({ unit: 'grapheme' })).map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('ws://', 'wss://'),
      fc.oneof(
        fc.ipV4Extended(),
        fc.ipV6().map((ip) => `[${ip}]`),
        fc.domain(),
      ),
    )
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
);

const anyName = fc.domain().filter((name) => !isPrivateHost(name.toLowerCase()));

describe('relay URLs', () => {
  it('are normal once normalised, and nothing but a RelayUrlError is thrown', () => {
    let normalised = 0;
    fc.assert(
      fc.property(anyAddress, (input) => {
        const url = tryUrl(relayUrl, input);
        if (url === undefined) return;
        normalised++;
        expect(relayUrl(url)).toBe(url);
        expect(url).toMatch(/^wss?:\/\/[^/]+\//);
        expect(url).not.toMatch(/#|^ws:\/\/[^/]*:80\/|^wss:\/\/[^/]*:443\//);
      }),
      { numRuns: 2_000 },
    );
    expect(normalised).toBeGreaterThan(500);
  });

  it('are one, however scheme, host, default port, fragment and an empty path are spelt', () => {
    const spelling = fc.record({
      upper: fc.boolean(),
      dot: fc.constantFrom('', '.'),
      port: fc.boolean(),
      path: fc.constantFrom('', '/'),
      fragment: fc.constantFrom('', '#', '#x', '#/y'),
    });
    fc.assert(
      fc.property(
        fc.constantFrom('ws', 'wss'),
        anyName,
        spelling,
        (scheme, name, { upper, dot, port, path, fragment }) => {
          const origin = `${scheme}://${name}`;
          const spelt = `${upper ? origin.toUpperCase() : origin}${dot}${port ? (scheme === 'ws' ? ':80' : ':443') : ''}`;
          expect(relayUrl(`${spelt}${path}${fragment}`)).toBe(`${origin.toLowerCase()}/`);
        },
      ),
    );
  });

  it('that are admitted are those that are allowed, in the same form, less the private ones', () => {
    fc.assert(
      fc.property(anyAddress, (input) => {
        const admitted = tryUrl(admitRelayUrl, input);
        if (admitted !== undefined) expect(admitted).toBe(relayUrl(input));
      }),
      { numRuns: 1_000 },
    );
  });

  it('of a private IPv4 address are not admitted in any notation', () => {
    const anyPrivate = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127, 224, 240, 255), fc.nat(255), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(192), fc.constant(168), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(169), fc.constant(254), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), fc.nat(255), fc.nat(255)),
    );
    fc.assert(
      fc.property(anyPrivate, ([a, b, c, d]) => {
        const whole = ((a * 256 + b) * 256 + c) * 256 + d;
        const high = (a * 256 + b).toString(16);
        const low = (c * 256 + d).toString(16);
        for (const host of [
          `${a}.${b}.${c}.${d}`,
          `${a}.${b}.${c}.${d}.`,
          `${a}.${b}.${c * 256 + d}`,
          `${a}.${(b * 256 + c) * 256 + d}`,
          `${whole}`,
          `0x${whole.toString(16)}`,
          `0${whole.toString(8)}`,
          `0x${a.toString(16)}.0${b.toString(8)}.${c}.${d}`,
          `[::ffff:${a}.${b}.${c}.${d}]`,
          `[::ffff:${high}:${low}]`,
          `[0:0:0:0:0:ffff:${high}:${low}]`,
          `[64:ff9b::${a}.${b}.${c}.${d}]`,
          `[2002:${high}:${low}::1]`,
        ]) {
          expect(tryUrl(admitRelayUrl, `wss://${host}/`), host).toBeUndefined();
        }
      }),
    );
  });
});
