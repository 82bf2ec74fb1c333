import { EMPTY, NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { commonFlags } from '../../src/cli/command.ts';
import type { Host } from '../../src/cli/host.ts';
import { commands, flagsOf, run } from '../../src/cli/run.ts';
import { widthOf } from '../../src/cli/text.ts';

/** Runs what needs no relay in this process. */
async function runHere(
  argv: readonly string[],
  columns?: number,
): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const host: Host = {
    stdout: { write: (text) => (stdout += text), isTTY: columns !== undefined, columns },
    stderr: { write: (text) => (stderr += text) },
    input: {
      isPiped: false,
      mayBeIdle: false,
      lines: () => {
        throw new Error('There is no input.');
      },
    },
    keys$: EMPTY,
    resized$: NEVER,
    env: {},
    stop$: NEVER,
    stoppedBy: undefined,
    now: () => 0,
    atExit: () => () => undefined,
  };
  const code = await run(argv, host, '1.2.3');
  return { code, stdout, stderr };
}

describe('run', () => {
  it.each([[['--version']], [['-v']], [['version']]])('says the version for %j', async (argv) => {
    expect(await runHere(argv)).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });

  it.each([[['--help']], [['-h']], [['help']]])('helps with everything for %j', async (argv) => {
    const { code, stdout } = await runHere(argv);
    expect(code).toBe(0);
    for (const { name, summary } of commands) expect(stdout).toContain(`${name.padEnd(9)}${summary}`.trimEnd());
    for (const exit of ['0', '1', '2', '3', '4', '130']) expect(stdout).toMatch(new RegExp(`^  ${exit} `, 'm'));
  });

  it.each(commands.map(({ name }) => name))('helps with %s, whatever else is said', async (name) => {
    const command = commands.find((each) => each.name === name);
    const { code, stdout } = await runHere([name, '--help']);
    expect([code, stdout]).toEqual([0, (await runHere(['help', name])).stdout]);
    for (const flag of Object.keys({ ...command?.flags, ...commonFlags })) {
      expect(stdout).toMatch(new RegExp(`^  .*-${flag}( |$)`, 'm'));
    }
    for (const example of command?.examples ?? []) expect(stdout).toContain(`  npx rx-relay-pool ${example.command}\n`);
  });

  it('fits the help into the terminal, but for examples', async () => {
    const { stdout } = await runHere(['req', '--help'], 80);
    for (const line of stdout.split('\n')) if (!line.includes('npx')) expect(widthOf(line)).toBeLessThanOrEqual(80);
  });

  it('has no letter twice in a command', () => {
    for (const command of commands) {
      const letters = Object.entries(flagsOf(command)).flatMap(
        ([name, { short }]) => short ?? (name.length === 1 ? name : []),
      );
      expect(new Set(letters).size).toBe(letters.length);
    }
  });

  it.each([
    [[], 'rx-relay-pool: Which command? There are req, publish,'],
    [['rec'], 'rx-relay-pool: There is no command rec. Did you mean req?\nTry: npx rx-relay-pool --help\n'],
    [['help', 'rec'], 'There is no command rec. Did you mean req?'],
    [['zzz'], 'rx-relay-pool: There is no command zzz. There are req,'],
    [['-k', '1'], 'rx-relay-pool: The command comes first, flags behind it.'],
    [['req', 'wss://relay.example'], 'rx-relay-pool req: Say what to ask for'],
    [
      ['req', '{"kind":[1]}', 'wss://relay.example'],
      "rx-relay-pool req: Invalid filter: 'kind' is not a key of a filter",
    ],
    [['req', '-k', '1', 'nonsense'], "rx-relay-pool req: 'nonsense' is no relay and no JSON."],
    [['req', '-k', '1', '--timeout', 'soon', 'wss://relay.example'], '--timeout takes a time such as 10s'],
    [['req', '-k', '1', '--stream', '--timeout', 'soon', 'wss://relay.example'], '--timeout takes a time such as 10s'],
    [['publish', 'wss://relay.example'], 'rx-relay-pool publish: Say what to publish'],
    [['publish', '-c', 'x', 'wss://relay.example'], 'rx-relay-pool publish: The event has to be signed'],
    [
      ['publish', '-c', 'x', '--sec', 'nsec1x', 'wss://relay.example'],
      '--sec takes a secret key of 64 hex digits, or an nsec.',
    ],
    [['count', 'wss://relay.example'], 'rx-relay-pool count: Say what to ask for'],
    [['sync', 'wss://relay.example'], 'rx-relay-pool sync: sync needs a file: --file events.jsonl.'],
    [['sync', '-f', 'x'], 'rx-relay-pool sync: sync needs a relay'],
    [['sync', '-f', 'x', '--up', '--down', 'wss://relay.example'], '--up and --down exclude each other'],
    [['sync', '-f', 'x', '{}', '{}', 'wss://relay.example'], 'sync takes one filter at a time'],
    [['info'], 'rx-relay-pool info: info takes relays'],
    [['info', '{}', 'wss://relay.example'], 'rx-relay-pool info: info takes relays'],
    [['monitor'], 'rx-relay-pool monitor: monitor needs a relay'],
    [['monitor', '--every', '0', 'wss://relay.example'], '--every takes a time'],
    [['relay', 'x'], "rx-relay-pool relay: relay takes flags alone, not 'x'."],
    [['relay', '--fill', '100001'], '--fill takes a whole number from 0 to 100000'],
  ])('refuses %j with 2', async (argv, message) => {
    const { code, stdout, stderr } = await runHere(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\nTry: npx rx-relay-pool.* --help\n$/);
  });

  it('says that a file has no events with 4', async () => {
    const { code, stderr } = await runHere(['relay', '--events', '/nowhere/at/all']);
    expect([code, stderr]).toEqual([4, 'rx-relay-pool relay: /nowhere/at/all has no events.\n']);
  });
});
