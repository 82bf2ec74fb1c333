import { describe, expect, it } from 'vitest';
import {
  encodeAuth,
  encodeClose,
  encodeCount,
  encodeEvent,
  encodeNegClose,
  encodeNegMsg,
  encodeNegOpen,
  encodeReq,
  parseClientMessage,
  parseRelayMessage,
  type ClientMessage,
  type RelayMessage,
} from '../../src/protocol/message.ts';
import { parseReason } from '../../src/protocol/reason.ts';

const event = { id: 'a'.repeat(64), kind: 1 };
const hll = '0f'.repeat(256);

describe('parseRelayMessage', () => {
  it.each<[frame: string, message: RelayMessage]>([
    ['["EVENT","s",{"kind":1}]', { type: 'EVENT', subscriptionId: 's', event: { kind: 1 } }],
    [' [ "EVENT" , "s" , null , 1 ] ', { type: 'EVENT', subscriptionId: 's', event: null }],
    ['["\\u0045VENT","\\u0073",1]', { type: 'EVENT', subscriptionId: 's', event: 1 }],
    ['["OK","id",true,""]', { type: 'OK', eventId: 'id', accepted: true, reason: parseReason('') }],
    [
      '["OK","",false,"blocked: no"]',
      { type: 'OK', eventId: '', accepted: false, reason: { prefix: 'blocked', message: 'no', raw: 'blocked: no' } },
    ],
    ['["OK","id",true]', { type: 'OK', eventId: 'id', accepted: true, reason: parseReason('') }],
    ['["OK","id",true,{"a":1},2]', { type: 'OK', eventId: 'id', accepted: true, reason: parseReason('') }],
    ['["EOSE","s"]', { type: 'EOSE', subscriptionId: 's', hints: [] }],
    ['["EOSE","s",["more","later"]]', { type: 'EOSE', subscriptionId: 's', hints: ['more', 'later'] }],
    ['["EOSE","s",["finish",1,null,["more"]],7]', { type: 'EOSE', subscriptionId: 's', hints: ['finish'] }],
    ['["EOSE","s","finish"]', { type: 'EOSE', subscriptionId: 's', hints: [] }],
    ['["CLOSED","s"]', { type: 'CLOSED', subscriptionId: 's', reason: parseReason('') }],
    ['["CLOSED","s",null]', { type: 'CLOSED', subscriptionId: 's', reason: parseReason('') }],
    [
      '["CLOSED","s","auth-required: please"]',
      { type: 'CLOSED', subscriptionId: 's', reason: parseReason('auth-required: please') },
    ],
    ['["NOTICE","text",1]', { type: 'NOTICE', message: 'text' }],
    ['["AUTH","challenge"]', { type: 'AUTH', challenge: 'challenge' }],
    ['["COUNT","s",{"count":5}]', { type: 'COUNT', subscriptionId: 's', count: 5, approximate: false }],
    [
      `["COUNT","s",{"count":0,"approximate":true,"hll":"${hll.toUpperCase()}"}]`,
      { type: 'COUNT', subscriptionId: 's', count: 0, approximate: true, hll },
    ],
    [
      '["COUNT","s",{"count":5,"hll":"00","approximate":1}]',
      { type: 'COUNT', subscriptionId: 's', count: 5, approximate: false },
    ],
    ['["NEG-MSG","n","61"]', { type: 'NEG-MSG', subscriptionId: 'n', message: '61' }],
    [
      '["NEG-ERR","n","blocked: too big"]',
      { type: 'NEG-ERR', subscriptionId: 'n', reason: parseReason('blocked: too big') },
    ],
    ['["NEG-ERR","n"]', { type: 'NEG-ERR', subscriptionId: 'n', reason: parseReason('') }],
    ['["HELLO"]', { type: 'UNKNOWN', verb: 'HELLO' }],
    ['["event","s",{}]', { type: 'UNKNOWN', verb: 'event' }],
    ['["REQ","s",{}]', { type: 'UNKNOWN', verb: 'REQ' }],
    ['["toString"]', { type: 'UNKNOWN', verb: 'toString' }],
  ])('%s', (frame, message) => {
    expect(parseRelayMessage(frame)).toStrictEqual(message);
  });

  it.each([
    '',
    'EVENT',
    '[',
    '["EVENT","s",{}',
    '{}',
    '"EVENT"',
    'null',
    '[]',
    '[1]',
    '[null,"s"]',
    '[["EVENT"],"s",{}]',
    '["EVENT"]',
    '["EVENT","s"]',
    '["EVENT",{"kind":1}]',
    '["EVENT",1,{}]',
    '["OK","id"]',
    '["OK","id","true",""]',
    '["OK",1,true,""]',
    '["EOSE"]',
    '["EOSE",1]',
    '["CLOSED"]',
    '["NOTICE"]',
    '["NOTICE",{"message":"x"}]',
    '["AUTH"]',
    '["AUTH",1]',
    '["COUNT","s"]',
    '["COUNT","s",5]',
    '["COUNT","s",{}]',
    '["COUNT","s",{"count":-1}]',
    '["COUNT","s",{"count":1.5}]',
    '["COUNT","s",{"count":"5"}]',
    '["COUNT","s",[5]]',
    '["NEG-MSG","n"]',
    '["NEG-MSG","n",""]',
    '["NEG-MSG","n","6"]',
    '["NEG-MSG","n","zz"]',
    '["NEG-ERR"]',
    '\ufeff["EOSE","s"]',
  ])('%s is malformed', (frame) => {
    expect(parseRelayMessage(frame)).toEqual({ type: 'MALFORMED', problem: expect.stringMatching(/\w/) });
  });

  it('survives nesting that no reader should recurse into', () => {
    const deep = '['.repeat(1_000_000);
    expect(parseRelayMessage(deep).type).toBe('MALFORMED');
    expect(parseRelayMessage(`["EVENT","s",${'['.repeat(100_000)}${']'.repeat(100_000)}]`).type).toBe('EVENT');
  });
});

describe('parseClientMessage', () => {
  it.each<[frame: string, message: ClientMessage]>([
    [encodeEvent(event), { type: 'EVENT', event }],
    [encodeAuth(event), { type: 'AUTH', event }],
    [
      encodeReq('s', [{ kinds: [1] }, { limit: 0 }]),
      { type: 'REQ', subscriptionId: 's', filters: [{ kinds: [1] }, { limit: 0 }] },
    ],
    [encodeClose('s'), { type: 'CLOSE', subscriptionId: 's' }],
    [encodeCount('s', [{}]), { type: 'COUNT', subscriptionId: 's', filters: [{}] }],
    [
      encodeNegOpen('n', { kinds: [1] }, '61'),
      { type: 'NEG-OPEN', subscriptionId: 'n', filter: { kinds: [1] }, message: '61' },
    ],
    [encodeNegMsg('n', '6100'), { type: 'NEG-MSG', subscriptionId: 'n', message: '6100' }],
    [encodeNegClose('n'), { type: 'NEG-CLOSE', subscriptionId: 'n' }],
    ['["CLOSE","s",1]', { type: 'CLOSE', subscriptionId: 's' }],
    ['["EVENT",null]', { type: 'EVENT', event: null }],
    [`["CLOSE","${'s'.repeat(64)}"]`, { type: 'CLOSE', subscriptionId: 's'.repeat(64) }],
    ['["OK","id",true,""]', { type: 'UNKNOWN', verb: 'OK' }],
  ])('%s', (frame, message) => {
    expect(parseClientMessage(frame)).toStrictEqual(message);
  });

  it.each([
    'REQ',
    '{}',
    '[]',
    '[1]',
    '["EVENT"]',
    '["AUTH"]',
    '["REQ"]',
    '["REQ","s"]',
    '["REQ","",{}]',
    '["REQ",1,{}]',
    `["REQ","${'s'.repeat(65)}",{}]`,
    '["COUNT","s"]',
    '["CLOSE"]',
    '["CLOSE",null]',
    '["NEG-OPEN","n",{}]',
    '["NEG-OPEN","n","61"]',
    '["NEG-OPEN","n",{},"6"]',
    '["NEG-MSG","n",1]',
    '["NEG-CLOSE"]',
  ])('%s is malformed', (frame) => {
    expect(parseClientMessage(frame)).toEqual({ type: 'MALFORMED', problem: expect.stringMatching(/\w/) });
  });
});

describe('the encoders of a client', () => {
  it('write what NIP-01, 42, 45 and 77 ask for', () => {
    expect(encodeEvent({ kind: 1 })).toBe('["EVENT",{"kind":1}]');
    expect(encodeReq('s', [{ limit: 1 }, {}])).toBe('["REQ","s",{"limit":1},{}]');
    expect(encodeClose('s')).toBe('["CLOSE","s"]');
    expect(encodeAuth({ kind: 22242 })).toBe('["AUTH",{"kind":22242}]');
    expect(encodeCount('s', [{}])).toBe('["COUNT","s",{}]');
    expect(encodeNegOpen('n', {}, '61')).toBe('["NEG-OPEN","n",{},"61"]');
    expect(encodeNegMsg('n', '61')).toBe('["NEG-MSG","n","61"]');
    expect(encodeNegClose('n')).toBe('["NEG-CLOSE","n"]');
  });
});
