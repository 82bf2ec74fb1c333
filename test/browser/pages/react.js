/* global document, requestAnimationFrame */
// The page of the React suite: one small app, as a user would write it, that the tests render with other props and look at.
import { Activity, Component, createElement as h, Profiler, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { RelayPool } from 'rx-relay-pool';
import { RelayPoolProvider, useEvents, usePublish, useRelays } from 'rx-relay-pool/react';

/** How often the feed was rendered and committed, and how many frames were drawn. */
const seen = { commits: 0, frames: 0, lengths: [] };
const countFrames = () => {
  seen.frames++;
  requestAnimationFrame(countFrames);
};
requestAnimationFrame(countFrames);

function Feed({ filter, limit }) {
  // A new object each time, as it is written in components.
  const events = useEvents({ ...filter }, { limit });
  const onRender = () => {
    seen.commits++;
    seen.lengths.push(events.length);
  };
  const items = events.map(({ id, content }) => h('li', { key: id }, content));
  return h(Profiler, { id: 'feed', onRender }, h('ol', null, items));
}

function Relays() {
  return h(
    'p',
    { id: 'relays' },
    useRelays()
      .map(({ url, state }) => `${url} ${state}`)
      .join(),
  );
}

function Publisher({ events }) {
  const { publish, reports, error } = usePublish({ limit: 2 });
  const steps = reports.map(({ event, accepted, pending }) => `${event.content} ${accepted} ${pending}`).join();
  return h('button', { onClick: () => events.forEach((event) => publish(event)) }, error ? error.code : steps);
}

function Clock() {
  const [count, setCount] = useState(0);
  globalThis.reactApp.renderAgain = () => setCount(count + 1);
  return h('p', { id: 'count' }, count);
}

class Boundary extends Component {
  state = {};
  static getDerivedStateFromError = (error) => ({ error });
  render() {
    return this.state.error ? h('p', { id: 'error' }, this.state.error.name) : this.props.children;
  }
}

let root;
const sure = { verify: (events) => Promise.resolve(events.map(() => true)) };

/** What the tests drive. */
globalThis.reactApp = {
  seen,
  /** Renders the app, again where it is rendered already. */
  render({ isStrict = true, mode = 'visible', filters = [{ kinds: [1] }], limit, events, own, options = {} }) {
    root ??= createRoot(document.body.appendChild(document.createElement('main')), { onCaughtError: () => undefined });
    const feeds = filters.map((filter, key) => h(Feed, { key, filter, limit }));
    const rest = [
      h(Relays, { key: 'relays' }),
      events && h(Publisher, { key: 'publisher', events }),
      h(Clock, { key: 'c' }),
    ];
    if (own) globalThis.reactApp.pool ??= new RelayPool(options);
    // Whoever writes so many events checks their signatures elsewhere.
    const pool = own
      ? { pool: globalThis.reactApp.pool }
      : { options: { ...options, ...(options.isSure ? { verifier: sure } : {}) } };
    const app = h(Boundary, null, h(RelayPoolProvider, pool, feeds, rest));
    root.render(h(isStrict ? StrictMode : 'div', null, h(Activity, { mode }, app)));
  },
  unmount() {
    root.unmount();
    root = undefined;
  },
};
// The page is ready.
globalThis.library = {};
