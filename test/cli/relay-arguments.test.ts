import { nsecEncode } from 'nostr-tools/nip19';
import { describe, expect, it } from 'vitest';
import { readOperands } from '../../src/cli/relay-arguments.ts';
import { testKey } from '../../src/testing/index.ts';

describe('readOperands', () => {
  it('sorts relays, JSON and a dash', () => {
    expect(readOperands(['wss://a.example', '{"kinds":[1]}', '-', ' [1]'])).toEqual({
      relays: ['wss://a.example/'],
      json: ['{"kinds":[1]}', ' [1]'],
      readsInput: true,
    });
  });

  it.each([
    ['relay.example', 'wss://relay.example/'],
    ['relay.example:8080/inbox', 'wss://relay.example:8080/inbox'],
    ['localhost:7777', 'ws://localhost:7777/'],
    ['127.0.0.1:7777', 'ws://127.0.0.1:7777/'],
    ['https://relay.example', 'wss://relay.example/'],
    ['http://relay.example', 'ws://relay.example/'],
    ['WSS://Relay.Example', 'wss://relay.example/'],
  ])('reads %j as %j', (text, url) => {
    expect(readOperands([text]).relays).toEqual([url]);
  });

  it('has each relay once, however it is spelt', () => {
    expect(readOperands(['relay.example', 'wss://relay.example/']).relays).toHaveLength(1);
  });

  it.each(['req', 'kind', '1', 'ftp://relay.example', 'wss://', ''])('refuses %j', (text) => {
    expect(() => readOperands([text])).toThrow(`'${text}' is no relay and no JSON.`);
  });

  it('never shows a key', () => {
    const { secretKey } = testKey(0);
    for (const secret of [nsecEncode(secretKey), Buffer.from(secretKey).toString('hex')]) {
      expect(() => readOperands([secret])).toThrow(/^A key or an id is no relay/);
    }
  });
});
