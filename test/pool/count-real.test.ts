import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { signedEvent, testKey, testKeys, TestRelay, testSigner } from '../../src/testing/index.ts';

it('counts at real relays, with registers, and where a relay asks who we are', async () => {
  await using plain = await TestRelay.start();
  await using guarded = await TestRelay.start({ auth: { read: true } });
  await using poor = await TestRelay.start({ count: false });
  const target = 'ab'.repeat(32);
  const likes = testKeys(12).map((key) => signedEvent({ kind: 7, tags: [['e', target]] }, key));
  plain.seed(likes.slice(0, 8));
  guarded.seed(likes.slice(4));
  using pool = new RelayPool({ relays: [plain.url, guarded.url, poor.url], signer: testSigner(testKey(1)) });
  const report = await lastValueFrom(pool.count({ kinds: [7], '#e': [target] }, { silenceTimeout: 1_000 }));
  expect(Object.values(report.outcomes)).toMatchObject([
    { status: 'counted', count: 8 },
    { status: 'counted', count: 8 },
    { status: 'silent', notice: 'unsupported: COUNT' },
  ]);
  expect(report.count).toBeGreaterThan(8);
  expect(report.count).toBeLessThan(16);
  expect(report).toMatchObject({ counted: 2, approximate: true, pending: 0 });
});
