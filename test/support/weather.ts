import type { RelayPool } from '../../src/pool/relay-pool.ts';
import type { VirtualNetwork, VirtualRelay } from '../../src/testing/index.ts';

/** Where trouble happens. */
export interface Place {
  readonly relay: VirtualRelay;
  readonly network: VirtualNetwork;
  readonly pool: RelayPool;
}

type Deed = (place: Place, random: () => number) => void;

/** Something that goes wrong with a relay for a time. */
export interface Trouble {
  readonly name: string;
  readonly begin: Deed;
  readonly end: Deed;
  /** Done again and again meanwhile. */
  readonly repeat?: Deed;
}

const nothing: Deed = () => undefined;

/** All that goes wrong with relays, each as a thing that begins and ends. */
export const TROUBLES: readonly Trouble[] = [
  { name: 'stop', begin: ({ relay }) => relay.stop(), end: ({ relay }) => relay.restart() },
  { name: 'wipe', begin: ({ relay }) => relay.stop(), end: ({ relay }) => relay.restart({ keepData: false }) },
  { name: 'cut', begin: ({ relay }) => relay.drop(), end: nothing },
  { name: 'clean close', begin: ({ relay }) => relay.drop(1001), end: nothing },
  {
    name: 'flap',
    begin: nothing,
    repeat: ({ relay }, random) => relay.drop(random() < 0.5 ? 1006 : 1001),
    end: nothing,
  },
  {
    name: 'slow',
    begin: ({ relay }) => (relay.faults.delay = (random) => 1_000 + random() * 6_000),
    end: ({ relay }) => (relay.faults.delay = 0),
  },
  {
    name: 'no EOSE',
    begin: ({ relay }) => (relay.faults.noEose = true),
    end: ({ relay }) => (relay.faults.noEose = false),
  },
  { name: 'no OK', begin: ({ relay }) => (relay.faults.noOk = true), end: ({ relay }) => (relay.faults.noOk = false) },
  refusing('rate-limited', 'rate-limited: slow down'),
  refusing('error', 'error: the database is busy'),
  refusing('blocked', 'blocked: not today'),
  {
    name: 'refuse',
    begin: ({ relay }) => (relay.faults.refuse = true),
    repeat: ({ relay }) => relay.drop(),
    end: ({ relay }) => (relay.faults.refuse = false),
  },
  {
    name: 'hang',
    begin: ({ relay }) => {
      relay.faults.hang = true;
      relay.drop();
    },
    end: ({ relay }) => (relay.faults.hang = false),
  },
  {
    name: 'half-open',
    begin: ({ relay }) => (relay.faults.halfOpen = true),
    // A relay gives up connections that have been dead for long.
    end: ({ relay }) => {
      relay.faults.halfOpen = false;
      relay.drop();
    },
  },
  {
    name: 'partition',
    begin: ({ relay, network }) => network.partition(relay.url, true),
    end: ({ relay, network }) => {
      network.partition(relay.url, false);
      relay.drop();
    },
  },
  {
    name: 'removed',
    begin: ({ relay, pool }) => pool.remove(relay.url),
    end: ({ relay, pool }) => pool.add(relay.url),
  },
];

function refusing(name: string, reason: string): Trouble {
  return {
    name,
    begin: ({ relay }) => (relay.faults.closedWith = relay.faults.rejectedWith = reason),
    end: ({ relay }) => (relay.faults.closedWith = relay.faults.rejectedWith = undefined),
  };
}
