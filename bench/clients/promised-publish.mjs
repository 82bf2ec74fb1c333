import { clearTimeout, setTimeout } from 'node:timers';
import { Observable } from 'rxjs';
import { WebSocket } from 'ws';

/** In the order in which they are made; each variant keeps those before it too. */
const PROMISES = ['deadline', 'reports'];
const DEADLINE = 10_000;

/**
 * What the promises of a publish cost: the bare client, which keeps one more of ours with each variant. It routes, resends, authenticates and explains nothing.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export const connect = ({ relays, variant }) => clientOf(relays, variant);

/** @param stagesOf - What a call to a relay passes, if anything; see promised-stages.mjs. */
export function clientOf(relays, variant, stagesOf) {
  const reports = variant === PROMISES[1];
  const peers = relays.map((url) => {
    const answers = new Map();
    const socket = new WebSocket(url);
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const [verb, id, isAccepted] = JSON.parse(data.toString());
      if (verb === 'OK') answers.get(id)?.(isAccepted ? 'accepted' : 'rejected');
    });
    const opened = new Promise((done) => socket.on('open', done));
    const stages = stagesOf?.();
    return { url, socket, opened, answers, stages };
  });
  const send = ({ socket, opened, answers }, id, frame, ended) => {
    const end = (outcome) => {
      clearTimeout(timer);
      answers.delete(id);
      ended(outcome);
    };
    const timer = setTimeout(() => end('silent'), DEADLINE);
    answers.set(id, end);
    void opened.then(() => socket.send(frame));
  };
  const begin = (peer, id, frame, ended) => {
    if (!peer.stages) return send(peer, id, frame, ended);
    const sending = new Observable((answer) =>
      send(peer, id, frame, (outcome) => {
        answer.next(outcome);
        answer.complete();
      }),
    );
    sending.pipe(peer.stages).subscribe({ next: ended, error: () => ended('failed') });
  };
  const reportsOf = (event, frame) =>
    new Observable((subscriber) => {
      let outcomes = Object.fromEntries(peers.map(({ url }) => [url, 'pending']));
      let [accepted, pending] = [0, peers.length];
      const say = () => subscriber.next({ event, outcomes, accepted, pending });
      say();
      for (const peer of peers) {
        begin(peer, event.id, frame, (outcome) => {
          outcomes = { ...outcomes, [peer.url]: outcome };
          if (outcome === 'accepted') accepted++;
          pending--;
          say();
          if (pending === 0) subscriber.complete();
        });
      }
    });
  return {
    publish: (event) =>
      new Promise((done, fail) => {
        const frame = JSON.stringify(['EVENT', event]);
        let accepted = 0;
        if (reports) {
          const next = (report) => (accepted = report.accepted);
          return reportsOf(event, frame).subscribe({ next, error: fail, complete: () => done(accepted) });
        }
        let pending = peers.length;
        for (const peer of peers) {
          begin(peer, event.id, frame, (outcome) => {
            if (outcome === 'accepted') accepted++;
            if (--pending === 0) done(accepted);
          });
        }
      }),
    collect: () => Promise.reject(new Error('It only publishes.')),
    live: () => undefined,
    close: () => peers.forEach(({ socket }) => socket.terminate()),
  };
}
