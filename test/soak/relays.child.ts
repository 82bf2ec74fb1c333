import { seededRandom, TestRelay } from '../../src/testing/index.ts';
import { EVENTS_PER_SECOND, type FromRelays, KEPT, numbered, type ToRelays } from './stream.ts';

const SECOND = 1_000;

/**
 * Five relays in a process of their own, which send more than two thousand events a second together and lose their connections, restart and lie as they
 * please: what they take of memory is not what is measured.
 */
const RELAYS = 5;
const TICK = 20;
/** What is late, as at the start and where a machine stood still, is sent at this rate, each tick. */
const MOST_AT_ONCE = 80;
/** One event of so many is lied about by the last relay, as far as is borne; and, now and then, so many in a row are. */
const LIE_OF = 2_000;
const LIES_IN_A_ROW = 60;

const random = seededRandom(Number(process.argv[2] ?? 1));
const relays = await Promise.all(
  Array.from({ length: RELAYS }, () => TestRelay.start({ verify: false, receivedCapacity: 0 })),
);
// The last one lies, and is left alone for a while where it does so too often: others have all that it has.
const honest = relays.slice(0, -1);
const liar = relays.at(-1);
let next = 0;
let troubles = 0;
let lies = 0;
const startedAt = Date.now() - KEPT;
const kept: { readonly id: string; readonly at: number }[] = [];
const say = (message: FromRelays): void => void process.send?.(message);

/** Puts the next event with 2.6 relays at the mean, which send it for each REQ that it matches, as one of `at`, in milliseconds since 1970. */
function place(at: number): void {
  const event = numbered(next++, Math.floor(at / SECOND));
  const first = Math.floor(random() * honest.length);
  const holders = honest.filter((_, index) => index === first || random() < 0.4);
  for (const relay of holders) relay.add(event);
  if (liar && random() < 0.4) {
    const isLie = lies > 0 || next % LIE_OF === 0;
    lies = Math.max(0, lies - 1);
    if (isLie) liar.faults.lie = 'forged-content';
    liar.add(event);
    liar.faults.lie = undefined;
  }
  kept.push({ id: event.id, at });
}

function forget(now: number): void {
  const old = kept.findIndex(({ at }) => at > now - KEPT);
  for (const { id } of kept.splice(0, Math.max(0, old))) for (const relay of relays) relay.store.remove(id);
}

const feed = setInterval(() => {
  const due = ((Date.now() - startedAt) * EVENTS_PER_SECOND) / SECOND;
  for (const end = Math.min(due, next + MOST_AT_ONCE); next < end;)
    place(startedAt + (next * SECOND) / EVENTS_PER_SECOND);
}, TICK);
const report = setInterval(() => {
  forget(Date.now());
  say({ type: 'sent', before: next, troubles });
}, 1_000);
let restarting: Promise<void> = Promise.resolve();
const trouble = setInterval(() => {
  troubles++;
  const relay = relays[Math.floor(random() * relays.length)];
  if (!relay) return;
  const kind = random();
  if (kind < 0.4) relay.drop();
  else if (kind < 0.6) relay.drop(1001, 'going away');
  else if (kind < 0.8) {
    restarting = relay
      .stop()
      .then(() => new Promise<void>((resolve) => setTimeout(resolve, 1_000 + random() * 2_000)))
      .then(() => relay.restart());
  } else lies = LIES_IN_A_ROW;
}, 5_000);

async function calm(): Promise<void> {
  for (const timer of [feed, report, trouble]) clearInterval(timer);
  await restarting;
  say({ type: 'calm', before: next });
}

process.on('message', (message: ToRelays) => {
  if (message === 'calm') void calm();
  else if (message === 'connections') {
    say({ type: 'connections', count: relays.reduce((sum, { connectionCount }) => sum + connectionCount, 0) });
  } else {
    void Promise.all(relays.map((relay) => relay.stop())).then(() => process.disconnect());
  }
});
say({ type: 'ready', urls: relays.map(({ url }) => url) });
