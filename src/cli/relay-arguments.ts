import { relayUrl, type RelayUrl, RelayUrlError } from '../index.ts';
import { UsageError } from './exit-code.ts';

/** What stands beside the flags, sorted: relays, JSON, and a dash for the standard input. */
export interface Operands {
  readonly relays: readonly RelayUrl[];
  readonly json: readonly string[];
  readonly readsInput: boolean;
}

/**
 * Sorts what stands beside the flags.
 *
 * @throws UsageError for what is none of it.
 */
export function readOperands(positionals: readonly string[]): Operands {
  const json = positionals.filter((text) => /^\s*[{[]/.test(text));
  const relays = positionals.filter((text) => text !== '-' && !json.includes(text)).map(relayOf);
  return { relays: [...new Set(relays)], json, readsInput: positionals.includes('-') };
}

/**
 * The URL of a relay, of `wss://relay.example`, or of `relay.example` alone, to which this machine is `ws://`.
 *
 * @throws UsageError where it is none.
 */
function relayOf(text: string): RelayUrl {
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(\/|$)/i.test(text);
  const isHost = isLocal || /^[\w-]+(\.[\w-]+)+(:\d+)?(\/.*)?$/.test(text);
  const url = isHost ? `${isLocal ? 'ws' : 'wss'}://${text}` : text.replace(/^http(s?):\/\//i, 'ws$1://');
  try {
    return relayUrl(url);
  } catch (error) {
    if (!(error instanceof RelayUrlError)) throw error;
    const secret = /nsec1|^[0-9a-f]{64}$/i.test(text);
    throw new UsageError(
      `${secret ? 'A key or an id' : `'${text.slice(0, 200)}'`} is no relay and no JSON. Relays are written wss://relay.example or relay.example.`,
    );
  }
}
