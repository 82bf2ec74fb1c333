import { describe, expect, it } from 'vitest';
import { parseRelayMessage, type RelayMessage } from '../../src/protocol/message.ts';
import { parseReason } from '../../src/protocol/reason.ts';
import {
  relayAuth,
  relayClosed,
  relayCount,
  relayEose,
  relayEvent,
  relayNegErr,
  relayNegMsg,
  relayNotice,
  relayOk,
} from '../../src/protocol/relay-frame.ts';

const hll = '0f'.repeat(256);

describe('the frames of a relay', () => {
  it.each<[frame: string, json: string, message: RelayMessage]>([
    [
      relayEvent('s', { kind: 1 }),
      '["EVENT","s",{"kind":1}]',
      { type: 'EVENT', subscriptionId: 's', event: { kind: 1 } },
    ],
    [
      relayOk('id', false, 'blocked: "no"'),
      '["OK","id",false,"blocked: \\"no\\""]',
      { type: 'OK', eventId: 'id', accepted: false, reason: parseReason('blocked: "no"') },
    ],
    [
      relayOk('id', true),
      '["OK","id",true,""]',
      { type: 'OK', eventId: 'id', accepted: true, reason: parseReason('') },
    ],
    [relayEose('s'), '["EOSE","s"]', { type: 'EOSE', subscriptionId: 's', hints: [] }],
    [relayEose('s', ['finish']), '["EOSE","s",["finish"]]', { type: 'EOSE', subscriptionId: 's', hints: ['finish'] }],
    [
      relayClosed('s', 'error: x'),
      '["CLOSED","s","error: x"]',
      { type: 'CLOSED', subscriptionId: 's', reason: parseReason('error: x') },
    ],
    [relayClosed('s'), '["CLOSED","s",""]', { type: 'CLOSED', subscriptionId: 's', reason: parseReason('') }],
    [relayNotice('hi'), '["NOTICE","hi"]', { type: 'NOTICE', message: 'hi' }],
    [relayAuth('c'), '["AUTH","c"]', { type: 'AUTH', challenge: 'c' }],
    [
      relayCount('s', { count: 3 }),
      '["COUNT","s",{"count":3}]',
      { type: 'COUNT', subscriptionId: 's', count: 3, approximate: false },
    ],
    [
      relayCount('s', { count: 3, approximate: true, hll }),
      `["COUNT","s",{"count":3,"approximate":true,"hll":"${hll}"}]`,
      { type: 'COUNT', subscriptionId: 's', count: 3, approximate: true, hll },
    ],
    [relayNegMsg('n', '61'), '["NEG-MSG","n","61"]', { type: 'NEG-MSG', subscriptionId: 'n', message: '61' }],
    [
      relayNegErr('n', 'blocked: too big'),
      '["NEG-ERR","n","blocked: too big"]',
      { type: 'NEG-ERR', subscriptionId: 'n', reason: parseReason('blocked: too big') },
    ],
  ])('%s', (frame, json, message) => {
    expect(frame).toBe(json);
    expect(parseRelayMessage(frame)).toStrictEqual(message);
  });
});
