import type { RelayLimits, RelayOptions } from './relay-options.ts';

/** The document of NIP-11. What the relay's options lay over it goes last; `undefined` there takes a field away. */
export function relayInformation(options: RelayOptions, limits: RelayLimits): Readonly<Record<string, unknown>> {
  // How much may be reconciled is not a limit that NIP-11 knows.
  const { max_sync_events: _, ...announced } = limits;
  const { read = false, write = false, pubkeys } = options.auth ?? {};
  const nips: readonly (number | false)[] = [
    1,
    9,
    11,
    40,
    42,
    options.count !== false && 45,
    50,
    options.hints !== false && 67,
    70,
    options.negentropy !== false && 77,
  ];
  return {
    name: 'test relay',
    description: 'A relay for tests; it forgets everything.',
    software: 'rx-relay-pool/testing',
    supported_nips: nips.filter((nip) => nip !== false),
    limitation: {
      ...announced,
      auth_required: read && write,
      payment_required: false,
      restricted_writes: pubkeys !== undefined,
    },
    ...options.information,
  };
}
