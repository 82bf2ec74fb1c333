import { describe, expect, it } from 'vitest';
import { isPrivateHost } from '../../src/protocol/private-host.ts';

describe('isPrivateHost', () => {
  /** The last address before each range, its first, its last, and the first after it. */
  it.each<[before: string, first: string, last: string, after: string]>([
    ['', '0.0.0.0', '0.255.255.255', '1.0.0.0'],
    ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
    ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
    ['126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
    ['169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
    ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
    ['191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
    ['192.0.1.255', '192.0.2.0', '192.0.2.255', '192.0.3.0'],
    ['192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
    ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
    ['198.51.99.255', '198.51.100.0', '198.51.100.255', '198.51.101.0'],
    ['203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
    ['223.255.255.255', '224.0.0.0', '255.255.255.255', ''],
  ])('IPv4 after %s: %s to %s, then %s', (before, first, last, after) => {
    expect(isPrivateHost(first)).toBe(true);
    expect(isPrivateHost(last)).toBe(true);
    if (before !== '') expect(isPrivateHost(before)).toBe(false);
    if (after !== '') expect(isPrivateHost(after)).toBe(false);
  });

  it.each([
    '[::]',
    '[::1]',
    '[::7f00:1]',
    '[100::1]',
    '[1fff::1]',
    '[2001::1]',
    '[2001:1ff::1]',
    '[2001:db8::]',
    '[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]',
    '[3fff::1]',
    '[4000::1]',
    '[fc00::1]',
    '[fdff:ffff::1]',
    '[fe80::1]',
    '[febf::1]',
    '[fec0::1]',
    '[ff00::1]',
    '[ff02::1]',
    '[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]',
    '[::ffff:a00:1]',
    '[::ffff:c0a8:101]',
    '[::ffff:ffff:ffff]',
    '[64:ff9b::c0a8:101]',
    '[64:ff9b:1::808:808]',
    '[2002:a00:1::1]',
    '[2002:c0a8:101::1]',
  ])('%s is private', (host) => {
    expect(isPrivateHost(host)).toBe(true);
  });

  it.each([
    '[2000::1]',
    '[2001:200::1]',
    '[2001:db7::1]',
    '[2001:db9::1]',
    '[2606:4700:4700::1111]',
    '[2a00:1450:4001:80b:0:0:0:200e]',
    '[3fff:1000::1]',
    '[::ffff:808:808]',
    '[64:ff9b::808:808]',
    '[2002:808:808::1]',
    '[1:2:3:4:5:6:7:8]'.replace('1:', '2400:'),
  ])('%s is public', (host) => {
    expect(isPrivateHost(host)).toBe(false);
  });
});
