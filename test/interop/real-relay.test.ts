import { describeRelay } from '../support/relay-suite.ts';
import { startRealRelay } from './real-relay.ts';

describeRelay('@nostr-relay on SQLite', startRealRelay, {
  // Its live events are matched by author, kind and time alone.
  liveTagFilters: false,
  // 20 subscriptions a connection; one more silently ends the oldest.
  liveSubscriptions: 20,
});
