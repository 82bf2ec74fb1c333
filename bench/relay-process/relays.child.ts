import { BenchRelay } from './bench-relay.ts';
import { preparedEvents } from './events.ts';
import { sendLive } from './live.ts';
import type { FromRelays, ToRelays } from './messages.ts';

/** The process that all relays are in, one after the other for each run. */
const say = (message: FromRelays): void => void process.send?.(message);
const prepared = await preparedEvents(process.argv[2] ?? '');
let relays: readonly BenchRelay[] = [];

process.on('message', (message: ToRelays) => void hear(message));
process.on('disconnect', () => process.exit());
say({ type: 'ready' });

async function hear(message: ToRelays): Promise<void> {
  if (message.type === 'open') {
    relays = message.relays.map((plan) => new BenchRelay(plan, prepared));
    say({ type: 'opened', urls: await Promise.all(relays.map((relay) => relay.open())) });
  } else if (message.type === 'live') {
    const [first] = relays;
    if (first) say({ type: 'sent', times: await sendLive(first, message.plan, prepared) });
  } else {
    for (const relay of relays) relay.close();
    relays = [];
    say({ type: 'closed' });
  }
}
