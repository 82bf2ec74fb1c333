import { describe, expect, it } from 'vitest';
import { parseReason } from '../../src/protocol/reason.ts';
import { RelayError } from '../../src/protocol/relay-error.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { Acknowledgements } from '../../src/sources/acknowledgements.ts';

const yes = { accepted: true, reason: parseReason('') };
const no = { accepted: false, reason: parseReason('blocked: no') };
const lost = new RelayError('connection-lost', relayUrl('wss://relay.test'), 'gone');

function setUp() {
  const acks = new Acknowledgements();
  const said: string[] = [];
  const wait = (id: string, name: string): (() => void) =>
    acks.wait(id, {
      next: ({ accepted, reason }) => said.push(`${name} ${accepted ? 'yes' : reason.prefix}`),
      error: (error: RelayError) => said.push(`${name} ${error.code}`),
    });
  return { acks, said, wait };
}

describe('Acknowledgements', () => {
  it('tell everybody who waits for an id, and nobody else', () => {
    const { acks, said, wait } = setUp();
    wait('a', 'first');
    wait('a', 'second');
    wait('b', 'other');
    expect(acks.size).toBe(2);
    expect(acks.answered('a', no)).toBe(true);
    expect(said).toEqual(['first blocked', 'second blocked']);
    expect(acks.answered('c', yes)).toBe(false);
    expect(said).toHaveLength(2);
  });

  it('go on telling until nobody waits any more: an answer may be followed by another', () => {
    const { acks, said, wait } = setUp();
    const stop = wait('a', 'first');
    acks.answered('a', no);
    acks.answered('a', yes);
    stop();
    expect(acks.answered('a', yes)).toBe(false);
    expect(said).toEqual(['first blocked', 'first yes']);
    expect(acks.size).toBe(0);
  });

  it('forget an id with the last who waits for it, and only then', () => {
    const { acks, said, wait } = setUp();
    const [one, two] = [wait('a', 'one'), wait('a', 'two')];
    one();
    one();
    expect(acks.size).toBe(1);
    acks.answered('a', yes);
    two();
    expect(acks.size).toBe(0);
    // Whoever waits anew is not forgotten by an old one that stops again.
    wait('a', 'three');
    two();
    acks.answered('a', yes);
    expect(said).toEqual(['two yes', 'three yes']);
  });

  it('tell those too who stop, or make others stop or wait, when they are told', () => {
    const { acks, said, wait } = setUp();
    const stops: (() => void)[] = [];
    stops.push(
      acks.wait('a', {
        next: () => {
          said.push('first');
          for (const stop of stops) stop();
          wait('a', 'late');
        },
        error: () => undefined,
      }),
      wait('a', 'second'),
    );
    acks.answered('a', yes);
    expect(said).toEqual(['first', 'second yes']);
    acks.answered('a', yes);
    expect(said).toEqual(['first', 'second yes', 'late yes']);
  });

  it('tell everybody when the connection is lost, once', () => {
    const { acks, said, wait } = setUp();
    const stop = wait('a', 'one');
    wait('a', 'two');
    wait('b', 'three');
    acks.lost(lost);
    acks.lost(lost);
    expect(said).toEqual(['one connection-lost', 'two connection-lost', 'three connection-lost']);
    expect(acks.size).toBe(0);
    stop();
    expect(acks.answered('a', yes)).toBe(false);
  });
});
