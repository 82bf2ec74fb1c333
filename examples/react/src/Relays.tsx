import { useRelays } from 'rx-relay-pool/react';

/** How the relays are, now. */
export function Relays() {
  const relays = useRelays();
  return (
    <section aria-labelledby="relays">
      <h2 id="relays">Relays</h2>
      <ul aria-labelledby="relays">
        {relays.map(({ url, state, counters, error }) => (
          <li key={url} data-url={url} data-status={state}>
            <strong>{state}</strong>
            <small>{url}</small>
            <p>
              <small>{error ? error.message : `${counters.events} events`}</small>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
