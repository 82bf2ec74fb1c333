import { finalizeEvent } from 'nostr-tools/pure';
import { merge, type MonoTypeOperatorFunction, takeUntil, timer } from 'rxjs';
import { type NostrEvent, RelayPool, type RelayPoolOptions, type RelayUrl, type Signer } from '../index.ts';
import type { Arguments, Flags } from './arguments.ts';
import { UsageError } from './exit-code.ts';
import type { Host } from './host.ts';
import { secretKeyOf } from './identifiers.ts';
import { parseDuration } from './times.ts';

/** How an operation is bounded, and who it is done as. */
export const poolFlags = {
  timeout: { type: 'string', value: '<time>', help: 'how long all of it may take: 10s, 500ms, 2m' },
  auth: { type: 'boolean', help: 'authenticate to relays that want it (NIP-42), with the secret key' },
  sec: {
    type: 'string',
    value: '<key>',
    help: 'secret key, hex or nsec; better in NOSTR_SECRET_KEY, as others can see flags',
  },
} as const satisfies Flags;

/** Milliseconds that a relay may be silent, unless all of it takes less. */
const MOST_SILENCE = 10_000;

/** What `--timeout` says. */
export function timesOf(
  args: Arguments,
  fallback: number,
): { readonly deadline: number; readonly silenceTimeout: number } {
  const text = args.text('timeout');
  const deadline = text === undefined ? fallback : parseDuration(text, 'timeout');
  return { deadline, silenceTimeout: Math.min(MOST_SILENCE, deadline) };
}

/** The secret key of `--sec`, or of NOSTR_SECRET_KEY; undefined where there is none. */
export function secretKeyFor(args: Arguments, { env }: Pick<Host, 'env'>): Uint8Array | undefined {
  const flag = args.text('sec');
  if (flag !== undefined) return secretKeyOf(flag, '--sec');
  const variable = env['NOSTR_SECRET_KEY'];
  return variable ? secretKeyOf(variable, 'NOSTR_SECRET_KEY') : undefined;
}

/**
 * Opens a pool on these relays; whoever does closes it.
 *
 * @throws UsageError where it is to authenticate without a key.
 */
export function openPool(
  relays: readonly RelayUrl[],
  args: Arguments,
  host: Host,
  options: RelayPoolOptions = {},
): RelayPool {
  const key = args.has('auth') ? secretKeyFor(args, host) : undefined;
  if (args.has('auth') && !key) throw new UsageError('--auth needs a secret key: NOSTR_SECRET_KEY or --sec.');
  return new RelayPool({ relays, ...(key ? { signer: signerOf(key) } : {}), ...options });
}

/** Ends a stream when the run is to end early, or the time is over. */
export function within<T>(
  milliseconds: number | undefined,
  { stop$ }: Pick<Host, 'stop$'>,
): MonoTypeOperatorFunction<T> {
  return takeUntil(milliseconds === undefined ? stop$ : merge(stop$, timer(milliseconds)));
}

function signerOf(key: Uint8Array): Signer {
  return {
    signEvent: (template) =>
      Promise.resolve<NostrEvent>(finalizeEvent({ ...template, tags: template.tags.map((tag) => [...tag]) }, key)),
  };
}
