import { TestRelay } from '../../src/testing/index.ts';
import { describeRelay, type RelayUnderTest, type StartOptions } from '../support/relay-suite.ts';

/** The relay of `testing`, in the shape in which test/interop hands a real one to the same suite. */
async function startTestRelay({ cap = 100, auth = false }: StartOptions, hints: boolean): Promise<RelayUnderTest> {
  const relay = await TestRelay.start({
    hints,
    limits: { default_limit: cap, max_limit: 10 * cap, max_message_length: 131_072 },
    ...(auth ? { auth: { read: true, write: true } } : {}),
  });
  return {
    url: relay.url,
    counts: async () => ({ connections: relay.connectionCount, subscriptions: relay.subscriptionCount }),
    store: async (events) => relay.seed(events),
    drop: async () => relay.drop(),
    stop: () => relay.stop(),
    start: () => relay.restart(),
    freeze: async () => {
      relay.faults.halfOpen = true;
      // Those that are frozen stay so.
      relay.faults.halfOpen = false;
    },
    thaw: async () => undefined,
    end: () => relay.stop(),
  };
}

const traits = { liveTagFilters: true, liveSubscriptions: 40 };

describeRelay('TestRelay', (options) => startTestRelay(options, true), traits);
describeRelay('TestRelay without hints', (options) => startTestRelay(options, false), traits);
