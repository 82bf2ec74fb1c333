import { filter, map, Observable, takeWhile } from 'rxjs';
import { WebSocket } from 'ws';

/** In the order in which they are made; each variant keeps those before it too. */
const PROMISES = ['once', 'form', 'match', 'memory', 'packets'];
const PLATFORM = 'platform-';
const HEX = /^[0-9a-f]*$/;
const HEAD = '["EVENT","';
/** Verified copies that ours keeps, to hand them out to whoever asks next. */
const REMEMBERED = 10_000;

/**
 * What the promises of a client cost: the bare client, which keeps one more of ours with each variant, in as few steps as can be. It is no library: it
 * reads only frames of one form, reconnects to nobody and holds back nobody.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export const connect = ({ relays, variant }) => clientOf(relays, variant);

/**
 * @param variant - The last promise that is kept; behind `platform-`, on the platform's WebSocket.
 * @param checker - Who has events verified, if anybody; see promises-verified.mjs.
 */
export function clientOf(relays, variant, checker) {
  const dial = variant.startsWith(PLATFORM) ? onPlatform : onWs;
  const last = PROMISES.indexOf(variant.replace(PLATFORM, ''));
  const keeps = (promise) => PROMISES.indexOf(promise) <= last;
  const [form, match, memory, packets] = ['form', 'match', 'memory', 'packets'].map(keeps);
  const requests = new Map();
  const known = new Map();
  const ring = [];
  let oldest = 0;
  let asked = 0;

  const remember = (relay, event) => {
    if (known.size === REMEMBERED) known.delete(ring[oldest]);
    ring[oldest] = event.id;
    oldest = (oldest + 1) % REMEMBERED;
    known.set(event.id, { event, relays: [relay] });
  };
  const receive = (relay, frame) => {
    if (!frame.startsWith(HEAD)) {
      const [verb, id] = JSON.parse(frame);
      if (verb !== 'EOSE') return;
      const said = () => requests.get(id)?.eose(relay);
      return checker ? checker.afterwards(said) : said();
    }
    const close = frame.indexOf('"', HEAD.length);
    const request = requests.get(frame.slice(HEAD.length, close));
    const idAt = frame.indexOf('"id":"', close) + 6;
    const id = frame.slice(idAt, idAt + 64);
    if (!request || request.delivered.has(id) || checker?.isWaiting(id, frame.slice(close))) return;
    const event = JSON.parse(frame)[2];
    if (form && !isWellFormed(event)) return;
    if (match && !request.matches(event)) return;
    if (checker) checker.check(event, frame.slice(close), () => deliver(request, relay, event));
    else deliver(request, relay, event);
  };
  const deliver = (request, relay, event) => {
    if (memory) remember(relay, event);
    request.delivered.set(event.id, event.created_at);
    request.event(relay, event);
  };
  const sockets = relays.map((url) => dial(url, (text) => receive(url, text)));
  const send = (message) => {
    const text = JSON.stringify(message);
    for (const { socket, opened } of sockets) void opened.then(() => socket.send(text));
  };
  const ask = (wanted, event, eose) => {
    const id = String(++asked);
    requests.set(id, { delivered: new Map(), matches: matcherOf(wanted), event, eose });
    send(['REQ', id, wanted]);
    return () => {
      requests.delete(id);
      send(['CLOSE', id]);
    };
  };
  const packetsOf = (wanted) =>
    new Observable((subscriber) => {
      let pending = sockets.length;
      return ask(
        wanted,
        (relay, event) => subscriber.next({ type: 'event', relay, event }),
        (relay) => subscriber.next({ type: 'eose', relay, pending: --pending }),
      );
    });
  return {
    collect: (wanted, onEvent) =>
      new Promise((done) => {
        if (packets) {
          const events$ = packetsOf(wanted).pipe(
            takeWhile(({ pending }) => pending !== 0, true),
            filter(({ type }) => type === 'event'),
            map(({ event }) => event),
          );
          return events$.subscribe({ next: onEvent, complete: () => done(undefined) });
        }
        let pending = sockets.length;
        const end = ask(
          wanted,
          (_, event) => onEvent(event),
          () => {
            if (--pending > 0) return;
            end();
            done(undefined);
          },
        );
      }),
    publish: () => Promise.reject(new Error('It only asks.')),
    live: (wanted, onEvent, onReady) => {
      let pending = sockets.length;
      const eose = () => --pending === 0 && onReady();
      if (packets) packetsOf(wanted).subscribe(({ type, event }) => (type === 'event' ? onEvent(event) : eose()));
      else ask(wanted, (_, event) => onEvent(event), eose);
    },
    close: () => sockets.forEach(({ socket }) => socket.close()),
  };
}

function onWs(url, onText) {
  const socket = new WebSocket(url);
  socket.on('error', () => undefined);
  socket.on('message', (data) => onText(data.toString()));
  return { socket, opened: new Promise((done) => socket.on('open', done)) };
}

function onPlatform(url, onText) {
  const socket = new globalThis.WebSocket(url);
  socket.onmessage = ({ data }) => onText(data);
  return { socket, opened: new Promise((done) => (socket.onopen = done)) };
}

/** The kinds, and one tag at the most. */
function matcherOf({ kinds, '#t': topics }) {
  const kindsWanted = new Set(kinds);
  if (!topics) return ({ kind }) => kindsWanted.has(kind);
  const topicsWanted = new Set(topics);
  return ({ kind, tags }) =>
    kindsWanted.has(kind) && tags.some(([name, value]) => name === 't' && topicsWanted.has(value));
}

/** Types, lengths, hex and text with a UTF-8 form, as NIP-01 says. */
function isWellFormed(event) {
  if (typeof event !== 'object' || event === null) return false;
  const { id, pubkey, created_at: createdAt, kind, tags, content, sig } = event;
  return (
    isHex(id, 64) &&
    isHex(pubkey, 64) &&
    isHex(sig, 128) &&
    isNatural(kind) &&
    kind <= 65_535 &&
    isNatural(createdAt) &&
    isText(content) &&
    Array.isArray(tags) &&
    tags.every((tag) => Array.isArray(tag) && tag.length > 0 && tag.every(isText))
  );
}

const isHex = (value, length) => typeof value === 'string' && value.length === length && HEX.test(value);
const isNatural = (value) => Number.isSafeInteger(value) && value >= 0;
const isText = (value) => typeof value === 'string' && value.isWellFormed();
