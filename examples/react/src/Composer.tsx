import { useState } from 'react';
import { usePublish } from 'rx-relay-pool/react';
import { sign } from './session';

/** Writes a note, and shows what becomes of it at each relay. */
export function Composer() {
  const [content, setContent] = useState('');
  const {
    publish,
    reports: [report],
  } = usePublish();
  const send = () => {
    publish(sign(content));
    setContent('');
  };

  return (
    <section aria-labelledby="composer">
      <h2 id="composer">Publish</h2>
      <form action={send}>
        <label htmlFor="content">Your note</label>
        <textarea id="content" required value={content} onChange={({ target }) => setContent(target.value)} />
        <button>Publish</button>
      </form>
      <ul aria-label="Progress" aria-live="polite">
        {Object.entries(report?.outcomes ?? {}).map(([url, { status }]) => (
          <li key={url} data-url={url} data-status={status}>
            <strong>{status}</strong>
            <small>{url}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}
