import { admitRelayUrl, relayUrl, type RelayUrl, RelayUrlError } from './relay-url.ts';

/** As {@link admitRelayUrl}, but undefined for what it refuses. */
export function tryAdmitRelayUrl(input: string): RelayUrl | undefined {
  return attempt(admitRelayUrl, input);
}

/** As {@link relayUrl}, but undefined for what it refuses. */
export function tryRelayUrl(input: string): RelayUrl | undefined {
  return attempt(relayUrl, input);
}

function attempt(read: (input: string) => RelayUrl, input: string): RelayUrl | undefined {
  try {
    return read(input);
  } catch (error) {
    if (error instanceof RelayUrlError) return undefined;
    throw error;
  }
}
