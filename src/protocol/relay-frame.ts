// Frames from a relay to its client; what parseRelayMessage reads.

/** EVENT of a relay (NIP-01). */
export function relayEvent(subscriptionId: string, event: unknown): string {
  return JSON.stringify(['EVENT', subscriptionId, event]);
}

/** OK (NIP-01). The message is mandatory on the wire, and empty at its least. */
export function relayOk(eventId: string, accepted: boolean, message = ''): string {
  return JSON.stringify(['OK', eventId, accepted, message]);
}

/** EOSE (NIP-01), with the hints of NIP-67 when there are any. */
export function relayEose(subscriptionId: string, hints?: readonly string[]): string {
  return JSON.stringify(hints === undefined ? ['EOSE', subscriptionId] : ['EOSE', subscriptionId, hints]);
}

/** CLOSED (NIP-01). */
export function relayClosed(subscriptionId: string, message = ''): string {
  return JSON.stringify(['CLOSED', subscriptionId, message]);
}

/** NOTICE (NIP-01). */
export function relayNotice(message: string): string {
  return JSON.stringify(['NOTICE', message]);
}

/** AUTH of a relay: the challenge (NIP-42). */
export function relayAuth(challenge: string): string {
  return JSON.stringify(['AUTH', challenge]);
}

/** COUNT of a relay: the answer (NIP-45). `hll` is 512 hex digits. */
export function relayCount(
  subscriptionId: string,
  answer: { readonly count: number; readonly approximate?: boolean; readonly hll?: string },
): string {
  return JSON.stringify(['COUNT', subscriptionId, answer]);
}

/** NEG-MSG of a relay (NIP-77); the message is hex. */
export function relayNegMsg(subscriptionId: string, message: string): string {
  return JSON.stringify(['NEG-MSG', subscriptionId, message]);
}

/** NEG-ERR (NIP-77). */
export function relayNegErr(subscriptionId: string, message: string): string {
  return JSON.stringify(['NEG-ERR', subscriptionId, message]);
}
