import { from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { connectionNews } from '../../../examples/five-relays/observe.ts';
import { type PoolRelayStatus, RelayError, relayUrl } from '../../../src/index.ts';
import { statusOf } from './status.ts';

const [one, another] = [relayUrl('wss://one.example'), relayUrl('wss://another.example')];
const error = new RelayError('connection-lost', one, 'The connection broke off.');
const lost: Partial<PoolRelayStatus> = { url: one, state: 'disconnected', error };

/** What is said of one relay, while another is well. */
function newsOf(...statuses: readonly Partial<PoolRelayStatus>[]): readonly string[] {
  const lines: string[] = [];
  const relays$ = from(statuses.map((status) => [statusOf({ url: one, ...status }), statusOf({ url: another })]));
  connectionNews({ relays$ }, (url) => new URL(url).hostname).subscribe((line) => lines.push(line));
  return lines;
}

describe('the news of the connections', () => {
  it('are none while all is well', () => {
    expect(newsOf({ state: 'connecting' }, {}, { inFlight: 3 })).toEqual([]);
  });

  it('say once that a relay is lost, and once that it is back', () => {
    expect(newsOf({}, lost, lost, { ...lost, state: 'connecting' }, {}, {}, lost)).toEqual([
      'pool: lost one.example (connection-lost)',
      'pool: one.example is connected again',
      'pool: lost one.example (connection-lost)',
    ]);
  });

  it('say when a circuit opens, and when it closes, and nothing in between', () => {
    expect(
      newsOf({}, { circuit: 'open' }, { circuit: 'half-open' }, { circuit: 'open' }, { circuit: 'half-open' }, {}, {}),
    ).toEqual([
      'pool: one.example failed too often and is left alone for a while',
      'pool: one.example has proved itself again',
    ]);
  });
});
