import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';

/** The line at the end of what the pool measured; nobody can measure all of it as nothing. */
const MEASURES =
  /^ {2}at the end: [1-9][\d,]*\.\d messages\/s, EOSE p50\/p95\/p99 [\d,]+\/[\d,]+\/[\d,]+ ms, errors \d+\.\d % of connections, \d+\.\d % of messages, heap [1-9]\d* MiB, CPU \d+ %$/m;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Outcome {
  readonly status: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly problems: string;
}

/** Runs it piped, as `npm start -- …` does, and interrupts it when a line matches. */
function start(
  args: readonly string[],
  interruptAt?: RegExp,
  before: (output: string) => unknown = () => undefined,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'examples/five-relays/main.ts', ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let problems = '';
    let isInterrupted = false;
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      if (!interruptAt?.test(output) || isInterrupted) return;
      isInterrupted = true;
      void Promise.resolve(before(output)).then(() => child.kill('SIGINT'));
    });
    child.stderr.on('data', (data: Buffer) => (problems += data.toString()));
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, output, problems }));
  });
}

describe('npm start', () => {
  it('shows five relays that misbehave, and that nothing is lost', { timeout: 180_000 }, async () => {
    const { status, output, problems } = await start([]);

    expect(problems).toBe('');
    expect(output).toContain('Summary');
    expect(output).not.toContain('✗');
    expect(status).toBe(0);
    for (const claim of [
      /✓ every event that an honest relay holds was delivered exactly once: (1,9\d\d) of \1\n/,
      /✓ no lie was delivered: 1,9\d\d events compared/,
      /✓ every published event was confirmed .*: 20 events, 80 of 80 confirmations\n/,
      /✓ a request at the end returned all of it, each event once: 1,9\d\d events\n/,
      /✓ the liar alone is blamed: /,
      /\d events, [\d,]+ duplicates dropped, [\d,]+ lies rejected, \d+ reconnects, \d+ gaps?, [\d.]+ s to verify /,
      MEASURES,
    ]) {
      expect(output).toMatch(claim);
    }
    // It was served while it ran, and nobody waits for those who look at it.
    expect(output).toMatch(/^Dashboard: http:\/\/127\.0\.0\.1:\d+\/\n/);
    expect(output).not.toContain('The dashboard stays');
    // Where there is no terminal: plain lines, the progress in between, the table once.
    expect(output).not.toContain('\u001B');
    expect(output).toMatch(/^\[ +\d+\.\d s\] [\d,]+ of [\d,]+ events$/m);
    expect(
      output.match(/^relay +state +load +events +copies +EOSE p50\/p95 +OK p95 +reconnects +lies$/gm),
    ).toHaveLength(1);
    for (const role of ['lying', 'steady', 'flapping', 'slow', 'mortal']) {
      expect(output).toMatch(
        new RegExp(`^${role} +\\w+ .* [\\d,]+ +[\\d,]+ +\\d+/\\d+ ms +\\d+ ms +\\d+ +[\\d,]+`, 'm'),
      );
    }
  });

  it('ends when it is interrupted', { timeout: 60_000 }, async () => {
    let page: Promise<readonly [status: number, text: string]> | undefined;
    const look = async (output: string): Promise<readonly [status: number, text: string]> => {
      const response = await fetch(/Dashboard: (\S+)/.exec(output)?.[1] ?? '');
      return [response.status, await response.text()];
    };
    const { status, output, problems } = await start(
      [],
      /flapping: cut the connection/,
      (shown) => (page ??= look(shown)),
    );
    expect({ status, problems }).toEqual({ status: 130, problems: '' });
    expect(output).not.toContain('Summary');
    expect(await page).toEqual([200, expect.stringContaining('dashboard.js')]);
  });
});

describe('npm start -- <url>…', () => {
  it('reads the given relays until it is interrupted, and publishes nothing', { timeout: 60_000 }, async () => {
    await using relay = await TestRelay.start();
    const notes = [1, 2, 3].map((n) => signedEvent({ content: `note ${n}` }, testKey(n)));
    relay.seed(notes);

    const { status, output, problems } = await start([relay.url, relay.url.slice(0, -1)], /3 events, live from 1 of 1/);

    expect({ status, problems }).toEqual({ status: 0, problems: '' });
    expect(output).toContain('✓ relays answered: 1 of 1');
    expect(output).toContain('✓ each event came once, verified and as asked for: 3 events of 3 authors');
    expect(output).toMatch(MEASURES);
    expect(new Set(relay.received.map(({ message }) => message.type))).toEqual(new Set(['REQ', 'CLOSE']));
  });

  it('says so and fails when none of them answers', { timeout: 60_000 }, async () => {
    const relay = await TestRelay.start();
    await relay.stop();
    const { status, output } = await start([relay.url]);
    expect(output).toContain('✗ relays answered: 0 of 1');
    expect(status).toBe(1);
  });

  it.each(['http://relay.example', 'relay.example', '--fast'])(
    'refuses %s, which is no relay',
    { timeout: 60_000 },
    async (value) => {
      const { status, output, problems } = await start([value]);
      expect({ status, output }).toEqual({ status: 2, output: '' });
      expect(problems).toContain(`: ${value}\n`);
      expect(problems).toContain('Usage: npm start');
    },
  );
});
