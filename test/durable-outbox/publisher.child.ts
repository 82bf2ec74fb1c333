import { finalizeEvent } from 'nostr-tools/pure';
import { filter, take } from 'rxjs';
import { DurableOutbox, levelOutboxStore, type OutboxReport } from '../../src/durable-outbox/index.ts';
import { RelayPool } from '../../src/pool/relay-pool.ts';

/** A process that is killed at any moment. Each line that it prints is a promise, or a claim, that has to be true. */
const [location = '', round = '', count = '', ...relays] = process.argv.slice(2);
const backoff = { base: 50, floor: 10, cap: 200 };
const said = new Set<string>();
const say = (line: string): void => {
  if (!said.has(line)) process.stdout.write(`${line}\n`);
  said.add(line);
};

const pool = new RelayPool({ relays, backoff });
const outbox = new DurableOutbox(pool, levelOutboxStore(location), { quorum: 2, backoff });
const claim = ({ event, status, outcomes }: OutboxReport): void => {
  for (const [url, outcome] of Object.entries(outcomes)) {
    if (outcome.status === 'accepted') say(`accepted ${event.id} ${url}`);
  }
  if (status !== 'pending') say(`${status} ${event.id}`);
};
outbox.trouble$.subscribe((trouble) => say(`trouble ${trouble.type} ${trouble.error.message}`));
outbox.settled$.subscribe(claim);
outbox.pending$.subscribe((reports) => reports.forEach(claim));

for (let index = 0; index < Number(count); index++) {
  const template = { kind: 1, created_at: 1_767_225_600, tags: [], content: `${round}.${index}` };
  const event = finalizeEvent(template, new Uint8Array(32).fill(1));
  outbox
    .publish(event)
    .pipe(take(1))
    .subscribe({
      next: () => say(`durable ${event.id}`),
      error: (error: unknown) => say(`trouble ${String(error)}`),
    });
  await new Promise((resolve) => setTimeout(resolve, 4));
}
if (count === '0') {
  outbox.pending$
    .pipe(
      filter(({ length }) => length === 0),
      take(1),
    )
    .subscribe(() => {
      void outbox.close().then(() => {
        pool.close();
        say('done');
      });
    });
}
