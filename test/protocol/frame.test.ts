import { describe, expect, it } from 'vitest';
import { peekFrame } from '../../src/protocol/frame.ts';

const ID = '0123456789abcdef'.repeat(4);
const OTHER = 'f'.repeat(64);

function peeked(frame: string): { verb: string; subscriptionId: string; id: string | undefined } | undefined {
  const peek = peekFrame(frame);
  if (peek === undefined) return undefined;
  const { verb, subscriptionId, id } = peek;
  return { verb, subscriptionId, id };
}

const found = { verb: 'EVENT', subscriptionId: 's', id: ID };
const unsure = { verb: 'EVENT', subscriptionId: 's', id: undefined };

describe('peekFrame', () => {
  it.each<[string, string]>([
    ['the id first', `["EVENT","s",{"id":"${ID}","kind":1,"tags":[["e","${OTHER}"]],"content":"x"}]`],
    ['the id alone', `["EVENT","s",{"id":"${ID}"}]`],
    ['keys in alphabetical order', `["EVENT","s",{"content":"x","created_at":1,"id":"${ID}","kind":1,"tags":[]}]`],
    ['the id last', `["EVENT","s",{"kind":1,"tags":[["e","${OTHER}","",""],[]],"content":"","id":"${ID}"}]`],
    ['white space everywhere', ` [\t"EVENT"\n,\r"s" , { "kind" : 1 , "id" : "${ID}" , "tags" : [ ] } ] \n`],
    ['white space before the first key', `["EVENT","s",{ "id": "${ID}" }]`],
    ['escapes in the content', `["EVENT","s",{"content":"\\"\\\\\\"\\n\\\\","id":"${ID}"}]`],
    ['a content that looks like keys', `["EVENT","s",{"content":"\\"id\\":\\"${OTHER}\\",{[","id":"${ID}"}]`],
    ['a content that ends like a key', `["EVENT","s",{"content":"\\"id","id":"${ID}"}]`],
    ['a content that ends in a backslash', `["EVENT","s",{"content":"\\\\","id":"${ID}"}]`],
    ['a content that is JSON', `["EVENT","s",{"content":"{\\"id\\":\\"${OTHER}\\"}","id":"${ID}"}]`],
    ['a content like a key behind the id', `["EVENT","s",{"id":"${ID}","content":"\\"id\\":\\"${OTHER}\\" id avid"}]`],
    ['a word that ends in id behind the id', `["EVENT","s",{"id":"${ID}","content":"did","avoid":"id est"}]`],
    ['a tag named id before the id', `["EVENT","s",{"tags":[["id","${OTHER}"],["e","id"]],"id":"${ID}"}]`],
    ['a nested object with an id before it', `["EVENT","s",{"x":{"id":"${OTHER}","y":[{"id":1}]},"id":"${ID}"}]`],
    ['a nested object in an array before it', `["EVENT","s",{"x":[[],{"a":"}","id":"${OTHER}"}],"id":"${ID}"}]`],
    ['numbers and literals before it', `["EVENT","s",{"a":-1.5e+3,"b":true,"c":null,"d":{},"e":[],"id":"${ID}"}]`],
    ['an escaped id key before a plain one', `["EVENT","s",{"\\u0069d":"${OTHER}","id":"${ID}"}]`],
    ['keys with escapes and quotes', `["EVENT","s",{"a\\"id\\":\\"":{},"":0,"id":"${ID}"}]`],
    ['keys that begin or end like it', `["EVENT","s",{"idx":{},"xid":{},"i":1,"Id":2,"id":"${ID}"}]`],
    ['a key that ends like it before it', `["EVENT","s",{"xid":"${OTHER}","id":"${ID}"}]`],
    ['a key that ends like it in quotes', `["EVENT","s",{"x\\"id":"${OTHER}","id":"${ID}"}]`],
    ['trailing elements', `["EVENT","s",{"id":"${ID}"},{"x":1},"y"]`],
    ['text beyond Latin-1', `["EVENT","s",{"content":"日本語😀","id":"${ID}"}]`],
  ])('finds the id with %s', (_, frame) => {
    expect(JSON.parse(frame)).toHaveProperty([2, 'id'], ID); // the frame is what its name says
    expect(peeked(frame)).toEqual(found);
  });

  it.each<[string, string]>([
    ['a second id key', `["EVENT","s",{"id":"${ID}","id":"${OTHER}"}]`],
    ['a second id key that is escaped', `["EVENT","s",{"id":"${ID}","\\u0069d":"${OTHER}"}]`],
    ['a second id key that is escaped elsewhere', `["EVENT","s",{"id":"${ID}","i\\u0064":"${OTHER}"}]`],
    ['a second id key behind white space', `["EVENT","s",{"id":"${ID}" , "id"\n:"${OTHER}"}]`],
    ['a second id key behind other words that end in id', `["EVENT","s",{"id":"${ID}","avid":"did","id":"${OTHER}"}]`],
    ['an escaped id key alone', `["EVENT","s",{"\\u0069\\u0064":"${ID}"}]`],
    ['a key that ends like it alone', `["EVENT","s",{"xid":"${ID}"}]`],
    ['a key that ends like it in quotes alone', `["EVENT","s",{"x\\"id":"${ID}"}]`],
    ['an id that is too short', `["EVENT","s",{"id":"${ID.slice(1)}"}]`],
    ['an id that is too long', `["EVENT","s",{"id":"${ID}0"}]`],
    ['an empty id', `["EVENT","s",{"id":""}]`],
    ['an id that is a number', `["EVENT","s",{"id":${'1'.repeat(64)}}]`],
    ['an id in an array', `["EVENT","s",{"id":["${ID}"]}]`],
    ['an id only in a nested object', `["EVENT","s",{"x":{"id":"${ID}"}}]`],
    ['an id only in an object in an array', `["EVENT","s",{"x":[{"id":"${ID}"}]}]`],
    ['an id only in a fourth element', `["EVENT","s",{"x":1},{"id":"${ID}"}]`],
    ['an id only in a fourth element after an empty object', `["EVENT","s",{},{"id":"${ID}"}]`],
    ['an id only in the content', `["EVENT","s",{"content":"\\"id\\":\\"${ID}\\""}]`],
    ['an id only as a tag', `["EVENT","s",{"tags":[["id","${ID}"]]}]`],
    ['no keys', '["EVENT","s",{}]'],
    ['no object', '["EVENT","s",null]'],
    ['an array for an event', `["EVENT","s",[{"id":"${ID}"}]]`],
    ['a string for an event', `["EVENT","s","{\\"id\\":\\"${ID}\\"}"]`],
    ['no event', '["EVENT","s"]'],
  ])('is unsure of the id with %s', (_, frame) => {
    JSON.parse(frame);
    expect(peeked(frame)).toEqual(unsure);
  });

  it('may be unsure, but not wrong, where another id stands behind the id', () => {
    const frame = `["EVENT","s",{"id":"${ID}","tags":[["id"]]}]`;
    expect([ID, undefined]).toContain(peeked(frame)?.id);
  });

  it.each<[string, string, string]>([
    [`["EOSE","s"]`, 'EOSE', 's'],
    [`["EOSE","s",["finish"]]`, 'EOSE', 's'],
    [`["CLOSED","s","error: \\"x\\""]`, 'CLOSED', 's'],
    [`["COUNT","s",{"count":1,"id":"${ID}"}]`, 'COUNT', 's'],
    [`["NEG-MSG","s","61"]`, 'NEG-MSG', 's'],
    [`["NEG-ERR","s","blocked: x"]`, 'NEG-ERR', 's'],
    [`["OK","${ID}",true,""]`, 'OK', ''],
    ['["NOTICE","text"]', 'NOTICE', ''],
    ['["AUTH","challenge"]', 'AUTH', ''],
    ['["EVENT","",{}]', 'EVENT', ''],
    ['["EVENT"," é日 ",{}]', 'EVENT', ' é日 '],
    [' [ "EOSE" , "s" ] ', 'EOSE', 's'],
  ])('reads verb and subscription id of %s', (frame, verb, subscriptionId) => {
    expect(peeked(frame)).toEqual({ verb, subscriptionId, id: undefined });
  });

  it.each([
    '',
    ' ',
    '[',
    '[]',
    '{}',
    'null',
    '["EVENT"]',
    '["EVENT',
    '["EVENT",',
    '["EVENT","s',
    '["EVENT",1,{}]',
    '["EVENT",{"id":1}]',
    '["EVENT",["s"],{}]',
    '["EVENT","\\u0073",{}]',
    '["EVENT","\\"",{}]',
    '["\\u0045VENT","s",{}]',
    '["EVENTS","s",{}]',
    '["event","s",{}]',
    '[["EVENT"],"s",{}]',
    '{"EVENT":"s"}',
    '["REQ","s",{}]',
    '["CLOSED"]',
    '["NOTICE","a \\"word\\""]',
    '["OK",1,true]',
    '\u00a0["EOSE","s"]',
    '\ufeff["EOSE","s"]',
  ])('leaves %j to a full parse', (frame) => {
    expect(peekFrame(frame)).toBeUndefined();
  });

  it.each<[string, string]>([
    ['upper-case hex', `["EVENT","s",{"id":"${ID.toUpperCase()}"}]`],
    ['a letter that is not hex', `["EVENT","s",{"id":"${ID.slice(1)}g"}]`],
    ['a character before 0', `["EVENT","s",{"id":"/${ID.slice(1)}"}]`],
    ['a character after 9', `["EVENT","s",{"id":"${ID.slice(1)}:"}]`],
    ['a character before a', `["EVENT","s",{"id":"${ID.slice(1)}\`"}]`],
    ['a character whose low byte is a digit', `["EVENT","s",{"id":"${ID.slice(1)}\u0130"}]`],
    ['an escape in the id', `["EVENT","s",{"id":"${ID.slice(6)}\\u0030"}]`],
  ])('takes no id out of %s, which a parse would read otherwise or refuse', (_, frame) => {
    expect(peeked(frame)?.id ?? '').not.toMatch(/^[0-9a-f]{64}$/);
  });

  it.each(['["EVENT","s",{"kind":1}]', ' [ "EVENT" , "s" , {"kind":1}]'])(
    'says where the rest of %j begins',
    (frame) => {
      expect(frame.slice(peekFrame(frame)?.restAt)).toMatch(/^ ?, ?\{"kind":1\}\]$/);
    },
  );

  const head = '["EVENT","s",{';
  it.each<[string, string]>([
    ['quotes', head + '"'.repeat(400_000)],
    ['escaped quotes', `${head}"{":"${'\\"'.repeat(400_000)}`],
    ['backslashes', `${head}"{":"${'\\'.repeat(400_000)}"`],
    ['backslashes without an end', `${head}"{":"${'\\\\"'.repeat(400_000)}`],
    ['keys', `${head}${'"id":'.repeat(200_000)}`],
    ['words that end in id', `${head}"id":"${ID}","x":"${'id"'.repeat(200_000)}`],
    ['nesting', `${head}"a":${'['.repeat(400_000)}`],
    ['objects', `${head}${'"a":{'.repeat(200_000)}`],
    ['members', `${head}${'"{":1,'.repeat(200_000)}`],
    ['white space', `${head}${' '.repeat(400_000)}`],
    ['white space between members', `${head}${`"{"${' '.repeat(1_000)}:1,`.repeat(400)}`],
    ['a subscription id', `["EVENT","${'s'.repeat(400_000)}`],
  ])('takes linear time on a flood of %s', (_, frame) => {
    const start = performance.now();
    expect(peeked(frame)?.id).toBeUndefined();
    // Quadratic, this would take minutes.
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
