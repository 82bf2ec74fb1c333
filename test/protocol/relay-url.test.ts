import { describe, expect, it } from 'vitest';
import { admitRelayUrl, relayUrl, RelayUrlError } from '../../src/protocol/relay-url.ts';

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof RelayUrlError) return error.code;
    throw error;
  }
  return 'none';
}

describe('relayUrl', () => {
  it.each([
    'wss://relay.example',
    'wss://relay.example/',
    'WSS://relay.example',
    'wss://Relay.EXAMPLE',
    'wss://relay.example:443',
    'wss://relay.example:443/',
    'wss://relay.example/#fragment',
    'wss://relay.example#',
    'wss://relay.example/?',
    'wss://relay.example.',
    'wss://relay.example.:443/',
    '  wss://relay.example\n',
    'wss:relay.example',
  ])('%j is wss://relay.example/', (input) => {
    expect(relayUrl(input)).toBe('wss://relay.example/');
  });

  it.each<[string, string]>([
    ['ws://relay.example:80', 'ws://relay.example/'],
    ['ws://relay.example:443', 'ws://relay.example:443/'],
    ['wss://relay.example:80', 'wss://relay.example:80/'],
    ['wss://relay.example:7777', 'wss://relay.example:7777/'],
    ['wss://relay.example/Path/', 'wss://relay.example/Path/'],
    ['wss://relay.example/path', 'wss://relay.example/path'],
    ['wss://relay.example?Key=Value#x', 'wss://relay.example/?Key=Value'],
    ['wss://bücher.example', 'wss://xn--bcher-kva.example/'],
    ['ws://127.0.0.1:8080', 'ws://127.0.0.1:8080/'],
    ['ws://localhost:8080', 'ws://localhost:8080/'],
    ['ws://localhost.:8080', 'ws://localhost:8080/'],
    ['ws://[::1]:8080', 'ws://[::1]:8080/'],
    ['ws://[0:0:0:0:0:0:0:1]:80', 'ws://[::1]/'],
    ['ws://nas', 'ws://nas/'],
  ])('%j becomes %j', (input, expected) => {
    expect(relayUrl(input)).toBe(expected);
  });

  it.each<[string, string]>([
    ['', 'not-a-url'],
    ['relay.example', 'not-a-url'],
    ['//relay.example', 'not-a-url'],
    ['wss://', 'not-a-url'],
    ['wss://.', 'not-a-url'],
    ['wss://relay.example..', 'not-a-url'],
    ['wss://relay example', 'not-a-url'],
    ['wss://[::1', 'not-a-url'],
    ['wss://relay.example:99999', 'not-a-url'],
    ['wss://1.2.3.4.5', 'not-a-url'],
    ['relay.example:443', 'not-websocket'],
    ['http://relay.example', 'not-websocket'],
    ['https://relay.example', 'not-websocket'],
    ['javascript:alert(1)', 'not-websocket'],
    ['file:///etc/passwd', 'not-websocket'],
    ['wss://user@relay.example', 'credentials'],
    ['wss://user:secret@relay.example', 'credentials'],
    ['wss://:secret@relay.example', 'credentials'],
  ])('refuses %j: %s', (input, code) => {
    expect(codeOf(() => relayUrl(input))).toBe(code);
    expect(codeOf(() => admitRelayUrl(input))).toBe(code);
  });

  it('names the input in the error, and only a part of a long one', () => {
    const input = `https://${'x'.repeat(100_000)}`;
    expect(() => relayUrl(input)).toThrow(RelayUrlError);
    try {
      relayUrl(input);
    } catch (error) {
      if (!(error instanceof RelayUrlError)) throw error;
      expect(error.input).toBe(input);
      expect(error.message.length).toBeLessThan(400);
      expect(error.name).toBe('RelayUrlError');
    }
  });
});

describe('admitRelayUrl', () => {
  it.each([
    'wss://relay.example',
    'ws://relay.example:7777/path',
    'wss://local.example',
    'wss://localhost.example',
    'wss://mylocal.com',
    'wss://relay.mylocal',
    'wss://127.0.0.1.example',
    'wss://8.8.8.8',
    'wss://[2606:4700::1111]',
    'wss://[2a00:1450:4001:80b::200e]:443',
    'wss://[::ffff:8.8.8.8]',
    'wss://[64:ff9b::808:808]',
  ])('admits %s', (input) => {
    expect(admitRelayUrl(input)).toBe(relayUrl(input));
  });

  it.each([
    'ws://localhost',
    'ws://LOCALHOST:8080',
    'ws://localhost.',
    'ws://relay.localhost',
    'wss://nas.local',
    'wss://nas.local.',
    'wss://router.lan',
    'wss://a.b.internal',
    'wss://metadata.google.internal',
    'wss://box.home.arpa',
    'wss://box.home',
    'wss://box.corp',
    'wss://box.intranet',
    'wss://box.private',
    'wss://localhost.localdomain',
    'wss://intranet',
    'wss://intranet.',
    'wss://com',
    'ws://127.0.0.1',
    'ws://127.0.0.1.',
    'ws://127.1',
    'ws://2130706433',
    'ws://0x7f000001',
    'ws://0177.0.0.1',
    'ws://0x7f.1',
    'ws://%31%32%37.0.0.1',
    'ws://１２７.0.0.1',
    'ws://127。0。0。1',
    'ws://0',
    'ws://[::1]',
    'ws://[::]',
    'ws://[::ffff:127.0.0.1]',
    'ws://[::ffff:7f00:1]',
    'ws://[::ffff:10.0.0.1]',
    'ws://[64:ff9b::10.0.0.1]',
    'ws://[2002:7f00:1::]',
    'ws://[fe80::1]',
    'ws://[fd00::1]',
  ])('refuses %s', (input) => {
    expect(codeOf(() => admitRelayUrl(input))).toBe('private-host');
    expect(codeOf(() => relayUrl(input))).toBe('none');
  });

  it('takes linear time on a flood of dots', () => {
    const start = performance.now();
    codeOf(() => admitRelayUrl(`wss://${'.'.repeat(200_000)}x`));
    codeOf(() => admitRelayUrl(`wss://${'a.'.repeat(100_000)}x`));
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
