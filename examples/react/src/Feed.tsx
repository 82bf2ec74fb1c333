import { useEvents } from 'rx-relay-pool/react';
import { nameOf, timeOf } from './session';

/** The latest notes, and live ones, with the names of who wrote them. */
export function Feed() {
  const notes = useEvents({ kinds: [1], limit: 100 }, { limit: 100 });
  const authors = [...new Set(notes.map(({ pubkey }) => pubkey))];
  // Asks anew when there is another author; without one it asks nothing.
  const profiles = useEvents({ kinds: [0], authors });

  return (
    <section className="feed" aria-labelledby="feed">
      <h2 id="feed">Feed</h2>
      <ol>
        {notes.map((note) => (
          <li key={note.id} data-id={note.id}>
            <strong>{nameOf(note.pubkey, profiles)}</strong>
            <time dateTime={timeOf(note).toISOString()}>{timeOf(note).toLocaleTimeString()}</time>
            <p>{note.content}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
