// Serves a dashboard and does nothing else: the parent sees whether that keeps a process alive. It waits until the parent has written something.
import { Observable } from 'rxjs';
import { serveDashboard } from '../../src/dashboard/serve-dashboard.node.ts';
import { RelayPool } from '../../src/index.ts';

const pool = new RelayPool({ relays: ['wss://relay.example'] });
// The pool measures by a timer of its own, which would be a reason to stay.
const source = {
  relays$: pool.relays$,
  metrics$: new Observable<never>(),
  explanations: [],
  explain: () => undefined,
};
const { url } = await serveDashboard(source, { script: '' });
process.stdout.write(`${url}\n`);
process.stdin.once('data', () => process.stdin.destroy());
