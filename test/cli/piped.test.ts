import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { PoolMetrics, RelayMetrics } from '../../src/index.ts';
import { signedEvent, testKey, TestRelay, type TestRelayOptions } from '../../src/testing/index.ts';
import { CONTROL, jsonLines, run, shell, start } from '../support/command-line.ts';

// Processes take their time on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const secret = Buffer.from(testKey(0).secretKey).toString('hex');
const env = { NOSTR_SECRET_KEY: secret };
const now = Math.floor(Date.now() / 1_000);
const notes = Array.from({ length: 5 }, (_, n) =>
  signedEvent({ content: `note ${n}`, created_at: now - n }, testKey(n)),
);
const NOBODY = 'ws://127.0.0.1:1';

/** Without the mark that verifying leaves on an event. */
const storedAt = (server: TestRelay): unknown => JSON.parse(JSON.stringify(server.store.query([{}])));

const started: TestRelay[] = [];
async function relay(options?: TestRelayOptions): Promise<TestRelay> {
  const server = await TestRelay.start(options);
  server.seed(notes);
  started.push(server);
  return server;
}
afterAll(() => Promise.all(started.map((server) => server.stop())));

let good: TestRelay;
let refusing: TestRelay;
beforeAll(async () => {
  good = await relay();
  refusing = await relay({ faults: { closedWith: 'restricted: \u001B[2Jmembers', rejectedWith: 'blocked: no' } });
});

describe.concurrent('req', () => {
  it('prints stored events as lines of JSON, and nothing else', async () => {
    const { code, stdout, stderr } = await run(['req', '-k', '1', '-l', '3', good.url]);
    expect([code, stderr]).toEqual([0, '']);
    expect(jsonLines(stdout)).toEqual(notes.slice(0, 3));
    expect(stdout).not.toMatch(CONTROL);
  });

  it('ends with 1 where some relays answer, and tells of the others', async () => {
    const { code, stdout, stderr } = await run(['req', '-k', '1', good.url, refusing.url, NOBODY]);
    expect(code).toBe(1);
    expect(jsonLines(stdout)).toHaveLength(5);
    expect(stderr.split('\n').sort().filter(Boolean)).toEqual([
      expect.stringMatching(/^ws:\/\/127\.0\.0\.1:1\/: connect-failed: /),
      `${refusing.url}: refused: restricted:  [2Jmembers`,
    ]);
    expect(stderr).not.toMatch(CONTROL);
  });

  it('ends with 3 where none does, and says nothing more with --quiet', async () => {
    expect(await run(['req', '-k', '1', '-q', refusing.url, NOBODY])).toEqual({ code: 3, stdout: '', stderr: '' });
  });

  it('prints packets', async () => {
    const { code, stdout } = await run(['req', '-l', '1', '--packets', good.url]);
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      { type: 'event', relay: good.url, event: notes[0] },
      { type: 'eose', relay: good.url, pending: 0 },
    ]);
    const lost = jsonLines((await run(['req', '-l', '1', '--packets', NOBODY])).stdout).at(-1);
    expect(lost).toMatchObject({
      type: 'lost',
      error: { code: 'connect-failed', message: expect.stringContaining('refused') },
    });
  });

  it('prints no event twice, and none that is forged', async () => {
    const second = await relay();
    const liar = await relay({ faults: { lie: 'forged-content' } });
    const { code, stdout } = await run(['req', '-k', '1', good.url, second.url, liar.url]);
    expect(code).toBe(0);
    expect(jsonLines(stdout).sort((a, b) => b['created_at']! - a['created_at']!)).toEqual(notes);
  });

  it('takes filters of the input, with the flags added', async () => {
    const input = `{"authors":["${testKey(0).publicKey}"]}\n\n["REQ","x",{"authors":["${testKey(3).publicKey}"]}]\n`;
    const { code, stdout } = await run(['req', '-k', '1', good.url], { input });
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([notes[0], notes[3]]);
    expect((await run(['req', '-k', '0', good.url], { input })).stdout).toBe('');
  });

  it('leaves an input alone that a parent process keeps open', async () => {
    const { code, stdout, stderr } = await run(['req', '-l', '1', good.url], { isInputOpen: true });
    expect([code, jsonLines(stdout).length]).toEqual([0, 1]);
    expect(stderr).toContain('It is left alone');
  });

  it('ends quietly when nobody reads on', async () => {
    const full = await relay();
    // More than a pipe takes.
    full.seed(
      Array.from({ length: 200 }, (_, n) =>
        signedEvent({ content: 'x'.repeat(2_000), created_at: now - n }, testKey(0)),
      ),
    );
    const { code, stdout, stderr } = await shell(`rx req -k 1 ${full.url} | head -1`).done;
    expect([code, stderr]).toEqual([0, '']);
    expect(jsonLines(stdout)).toHaveLength(1);
  });

  it('goes on with --stream until Ctrl-C', async () => {
    const server = await relay();
    const stream = start(['req', '-k', '1', '-l', '1', '--stream', server.url]);
    await stream.until(({ stdout }) => stdout.includes('note 0'));
    server.add(signedEvent({ content: 'live', created_at: now }, testKey(9)));
    await stream.until(({ stdout }) => stdout.includes('live'));
    stream.signal('SIGINT');
    expect(await stream.done).toMatchObject({ code: 130, stderr: '' });
  });

  it('goes on with --stream for as long as it is told', async () => {
    expect(await run(['req', '-l', '0', '--stream', '--timeout', '8s', good.url])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('ends by SIGTERM too, also while it waits for its input', async () => {
    const waiting = start(['req', '-', good.url], { isInputOpen: true });
    // It says nothing while it waits: the signal may come before it listens for it.
    const again = setInterval(() => waiting.signal('SIGTERM'), 300);
    const { code } = await waiting.done;
    clearInterval(again);
    expect([143, null]).toContain(code);
  });

  it.each<[string, TestRelayOptions['faults']]>([
    ['never says EOSE', { noEose: true }],
    ['never answers the handshake', { hang: true }],
    ['is dead', { halfOpen: true }],
  ])('ends in time with a relay that %s', async (_, faults) => {
    const stuck = await relay({ faults: faults ?? {} });
    const begin = Date.now();
    const { code, stderr } = await run(['req', '-k', '1', '--timeout', '500ms', stuck.url]);
    expect(code).toBe(3);
    expect(stderr).toContain(stuck.url);
    expect(Date.now() - begin).toBeLessThan(25_000);
  });

  it('authenticates when it is told to', async () => {
    const closed = await relay({ auth: { read: true } });
    expect((await run(['req', '-l', '1', closed.url], { env })).code).toBe(3);
    const { code, stdout } = await run(['req', '-l', '1', '--auth', closed.url], { env });
    expect([code, jsonLines(stdout).length]).toEqual([0, 1]);
    expect(await run(['req', '-l', '1', '--auth', closed.url])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--auth needs a secret key'),
    });
  });

  it('prints what it would ask where it has no relay', async () => {
    expect(await run(['req', '-k', '1', '-l', '2'])).toEqual({
      code: 0,
      stdout: '["REQ","rx-relay-pool",{"kinds":[1],"limit":2}]\n',
      stderr: '',
    });
    expect((await run(['req', '-k', '1', '--bare'])).stdout).toBe('{"kinds":[1]}\n');
  });
});

describe.concurrent('publish', () => {
  it('signs, sends and reports, and never shows the key', async () => {
    const server = await relay();
    const { code, stdout, stderr } = await run(['publish', '-c', 'hello', '-t', 't=nostr', server.url, refusing.url], {
      env,
    });
    const [event] = server.store.query([{ authors: [testKey(0).publicKey], '#t': ['nostr'] }]);
    expect(event).toMatchObject({ content: 'hello', kind: 1, tags: [['t', 'nostr']] });
    expect([code, stderr]).toEqual([1, '']);
    expect(jsonLines(stdout)).toEqual(
      expect.arrayContaining([
        { id: event?.id, relay: server.url, status: 'accepted', message: '' },
        { id: event?.id, relay: refusing.url, status: 'rejected', message: 'blocked: no' },
      ]),
    );
    const wrong = await run(['publish', '-c', 'x', '--sec', `${secret}00`, server.url]);
    expect(wrong.code).toBe(2);
    expect(stdout + stderr + wrong.stdout + wrong.stderr).not.toContain(secret);
  });

  it('sends the events of its input, and leaves out what is none', async () => {
    const server = await TestRelay.start();
    started.push(server);
    const input = [
      ...notes.map((note) => JSON.stringify(note)),
      'nonsense',
      JSON.stringify({ ...notes[0], content: 'forged' }),
    ].join('\n');
    const { code, stdout, stderr } = await run(['publish', server.url], { input });
    expect(storedAt(server)).toEqual(notes);
    expect(jsonLines(stdout)).toHaveLength(5);
    expect(stderr.split('\n')).toEqual([
      'Line 6 of the input is no JSON: nonsense. Give one event a line. It is left out.',
      'Line 7 of the input has a wrong id or signature; no relay would take it. It is left out.',
      '',
    ]);
    expect(code).toBe(1);
  });

  it.each([
    ['enough relays accept it', ['--quorum', '1'], 0],
    ['it takes all', ['--quorum', 'all'], 1],
  ])('ends well where %s', async (_, flags, code) => {
    const server = await relay();
    expect((await run(['publish', ...flags, JSON.stringify(notes[0]), server.url, refusing.url])).code).toBe(code);
  });

  it('ends with 3 where none accepts or can be reached', async () => {
    const { code, stdout } = await run(['publish', '--timeout', '1s', JSON.stringify(notes[0]), refusing.url, NOBODY]);
    expect(code).toBe(3);
    expect(
      jsonLines(stdout)
        .map(({ status }) => status)
        .sort(),
    ).toEqual(['rejected', 'unreachable']);
  });

  it('sends nothing where a quorum is impossible, a key is missing or an argument is wrong', async () => {
    const server = await relay();
    for (const argv of [
      ['--quorum', '2', '-c', 'x', '--sec', secret],
      ['-c', 'x'],
      [JSON.stringify({ ...notes[0], content: 'forged' })],
      [],
    ]) {
      expect(await run(['publish', ...argv, server.url])).toMatchObject({ code: 2, stdout: '' });
    }
    expect(server.received).toEqual([]);
  });

  it('passes on what req prints, from relay to relay', async () => {
    const server = await TestRelay.start();
    started.push(server);
    const { code } = await shell(`(rx req -k 1 ${good.url}) | (rx publish ${server.url})`).done;
    expect(code).toBe(0);
    expect(storedAt(server)).toEqual(notes);
  });

  it('prints the signed event where it has no relay', async () => {
    const { code, stdout } = await run(['publish', '-c', 'x', '--created-at', '5'], { env });
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      expect.objectContaining({ content: 'x', created_at: 5, pubkey: testKey(0).publicKey }),
    ]);
  });
});

describe.concurrent('count', () => {
  it('prints the best answer and that of each relay', async () => {
    const { code, stdout, stderr } = await run(['count', '-k', '1', good.url, refusing.url]);
    expect(code).toBe(1);
    expect(jsonLines(stdout)).toEqual([
      {
        count: 5,
        approximate: true,
        relays: {
          [good.url]: { status: 'counted', count: 5, approximate: false },
          [refusing.url]: { status: 'rejected', message: 'rejected: restricted:  [2Jmembers' },
        },
      },
    ]);
    expect(stderr).toContain(`${refusing.url}: rejected: restricted`);
    expect((await run(['count', '-k', '1', good.url])).code).toBe(0);
    expect((await run(['count', '-k', '1', refusing.url])).code).toBe(3);
  });
});

describe.concurrent('info', () => {
  it('prints the document of each relay, in order', async () => {
    const named = await relay({ information: { name: 'a', icon: 'javascript:x' } });
    const html = await relay({ faults: { informationHtml: '<p>' } });
    const { code, stdout, stderr } = await run(['info', named.url, html.url, good.url]);
    expect(code).toBe(1);
    expect(jsonLines(stdout).map(({ relay: url, name }) => [url, name])).toEqual([
      [named.url, 'a'],
      [good.url, 'test relay'],
    ]);
    expect(stdout).not.toContain('javascript');
    expect(stderr).toContain(`${html.url}: The answer is of the type text/html`);
    expect((await run(['info', NOBODY])).code).toBe(3);
  });
});

describe.concurrent('monitor', () => {
  it('prints a line a second with what was measured', async () => {
    const { code, stdout } = await run(['monitor', '--every', '200ms', '--timeout', '4s', good.url, NOBODY]);
    expect(code).toBe(0);
    const lines = jsonLines(stdout) as unknown as Pick<PoolMetrics, 'relays'>[];
    expect(lines.length).toBeGreaterThanOrEqual(2);
    const [first, second] = (lines.at(-1)?.relays ?? []) as readonly (RelayMetrics & { readonly score: number })[];
    expect(first).toMatchObject({
      relay: good.url,
      state: 'connected',
      circuit: { state: 'closed' },
      score: expect.any(Number),
    });
    expect(first?.latency.eose?.count).toBeGreaterThan(1);
    expect(second).toMatchObject({ error: { code: 'connect-failed' } });
    // Later its attempts may be exhausted, after delays that are drawn by lot; when it had failed for the first time they were not.
    const failed = lines.map(({ relays }) => relays[1]).find((relay) => relay && Object.hasOwn(relay, 'error'));
    expect(failed).toMatchObject({ state: 'disconnected', error: { code: 'connect-failed' } });
    expect(first?.score).toBeGreaterThan(second?.score ?? 100);
  });

  it('serves the dashboard with --web, until Ctrl-C', async () => {
    const monitor = start(['monitor', '--web', good.url]);
    await monitor.until(({ stdout }) => stdout.includes('\n'));
    const [{ url } = { url: '' }] = jsonLines(monitor.stdout) as unknown as { readonly url: string }[];
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('dashboard.js');
    monitor.signal('SIGINT');
    expect((await monitor.done).code).toBe(130);
  });

  it('goes on until Ctrl-C', async () => {
    const monitor = start(['monitor', good.url]);
    await monitor.until(({ stdout }) => stdout.split('\n').length > 2);
    monitor.signal('SIGINT');
    expect((await monitor.done).code).toBe(130);
  });
});

describe.concurrent('relay', () => {
  it('serves until Ctrl-C, with the faults that it is told, and logs what it receives', async () => {
    const server = start(['relay', '--fill', '5', '--cap', '2', '--hides-more', '--rejected-with', 'blocked: no']);
    await server.until(({ stdout }) => stdout.includes('\n'));
    const url: string = jsonLines(server.stdout)[0]?.['url'] ?? '';
    expect(jsonLines((await run(['req', '-k', '1', url])).stdout).map(({ content }) => content)).toEqual([
      'note 1',
      'note 2',
    ]);
    expect((await run(['publish', JSON.stringify(notes[0]), url])).code).toBe(3);
    server.signal('SIGINT');
    const { code, stdout } = await server.done;
    expect(code).toBe(130);
    const [listening, ...log] = jsonLines(stdout);
    expect(listening).toEqual({ type: 'listening', url });
    expect(log).toContainEqual(
      expect.objectContaining({
        message: { type: 'REQ', subscriptionId: expect.any(String), filters: [{ kinds: [1] }] },
      }),
    );
    expect(log).toContainEqual({ at: expect.any(Number), connections: 0 });
  });

  it('says that a port is taken', async () => {
    const { code, stdout, stderr } = await run(['relay', '--port', `${good.port}`]);
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toContain('The relay cannot listen');
  });
});

describe.concurrent('the command line', () => {
  it('is a program that says its version, as the package has it', async () => {
    const { version, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(execFileSync(bin['rx-relay-pool'], ['--version'], { encoding: 'utf8' })).toBe(`${version}\n`);
  });

  it('helps without a control character', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Exit codes');
    expect(stdout).not.toMatch(CONTROL);
  });

  it('refuses what is wrong with 2, and says what is right', async () => {
    expect(await run(['req', '--limt', '1'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'rx-relay-pool req: There is no flag --limt. Did you mean --limit?\nTry: npx rx-relay-pool req --help\n',
    });
  });
});
