import { verifier } from '@rx-nostr/crypto';
import { createRxBackwardReq, createRxForwardReq, createRxNostr, noopSigner, uniq } from 'rx-nostr';
import { fastVerify } from './fast-verify.mjs';

/**
 * rx-nostr: a backward REQ for what is stored, a forward REQ for what comes, `uniq()` for each event once.
 *
 * @type {import('../client-process/client.ts').Connect}
 */
export async function connect({ relays, verify }) {
  const fast = verify === 'best' ? await fastVerify() : undefined;
  const rxNostr = createRxNostr({
    signer: noopSigner(),
    verifier: fast ? (event) => Promise.resolve(fast(event)) : verifier,
    skipVerify: verify === 'no',
    websocketCtor: globalThis.WebSocket,
  });
  rxNostr.setDefaultRelays([...relays]);
  return {
    collect: (filter, onEvent) =>
      new Promise((done, fail) => {
        const rxReq = createRxBackwardReq();
        rxNostr
          .use(rxReq)
          .pipe(uniq())
          .subscribe({ next: ({ event }) => onEvent(event), error: fail, complete: () => done(undefined) });
        rxReq.emit(filter);
        rxReq.over();
      }),
    publish: (event) =>
      new Promise((done) => {
        let accepted = 0;
        const settle = () => done(accepted);
        rxNostr.send(event, { completeOn: 'all-ok' }).subscribe({
          next: ({ ok }) => void (ok && accepted++),
          error: settle,
          complete: settle,
        });
      }),
    live: (filter, onEvent, onReady) => {
      const rxReq = createRxForwardReq();
      // A forward REQ has no word for EOSE.
      const messages = rxNostr.createAllMessageObservable().subscribe(({ type, subId }) => {
        if (type !== 'EOSE' || !subId.startsWith(rxReq.rxReqId)) return;
        messages.unsubscribe();
        onReady();
      });
      rxNostr
        .use(rxReq)
        .pipe(uniq())
        .subscribe(({ event }) => onEvent(event));
      rxReq.emit(filter);
    },
    close: () => rxNostr.dispose(),
  };
}
