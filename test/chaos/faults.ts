import type { Flood, RelayFaults, VirtualNetwork, VirtualRelay } from '../../src/testing/index.ts';

/** Where something goes wrong. */
export interface Place {
  readonly relay: VirtualRelay;
  readonly network: VirtualNetwork;
  readonly random: () => number;
}

type Deed = (place: Place) => void;

/** Something that goes wrong with a relay, or the way to it, for a time. */
export interface Fault {
  readonly name: string;
  readonly begin: Deed;
  readonly end: Deed;
}

const nothing: Deed = () => undefined;
const once = (name: string, begin: Deed): Fault => ({ name, begin, end: nothing });

/** Sets fields of a relay's faults, and sets them back. */
function faulty(name: string, faults: Partial<RelayFaults>): Fault {
  return {
    name,
    begin: ({ relay }) => Object.assign(relay.faults, faults),
    end: ({ relay }) => {
      for (const [key, value] of Object.entries(FAULTLESS))
        if (key in faults) Object.assign(relay.faults, { [key]: value });
    },
  };
}

/** What the faults that are used here are when they are off. */
const FAULTLESS: Partial<RelayFaults> = {
  refuse: false,
  hang: false,
  delay: 0,
  noEose: false,
  duplicateEose: false,
  noOk: false,
  okGarbageId: false,
  rejectsDuplicates: false,
  noticeOnly: false,
  closedWith: undefined,
  rejectedWith: undefined,
  forgets: false,
  withholds: undefined,
  hidesMore: false,
  lie: undefined,
  lieInFront: false,
  malformed: false,
};

const flood = (kind: Flood['kind'], count: number): Fault =>
  once(`flood of ${kind}`, ({ relay }) => relay.flood({ kind, count, perSecond: count / 2 }));

const refusing = (reason: string): Fault => faulty(reason, { closedWith: reason, rejectedWith: reason });

/** All that goes wrong, each as a thing that begins and ends. */
export const FAULTS: readonly Fault[] = [
  // The network
  once('cut', ({ relay }) => relay.drop()),
  once('clean close', ({ relay }) => relay.drop(1001)),
  once('half-open link', ({ relay, network }) => network.halfOpen(relay.url)),
  ...(['both', 'up', 'down'] as const).map((direction): Fault => ({
    name: `partition ${direction}`,
    begin: ({ relay, network }) => network.partition(relay.url, true, direction),
    end: ({ relay, network }) => network.partition(relay.url, false),
  })),
  // The relay
  { name: 'stop', begin: ({ relay }) => relay.stop(), end: ({ relay }) => !relay.isRunning && relay.restart() },
  {
    name: 'stop and lose all',
    begin: ({ relay }) => relay.stop(),
    end: ({ relay }) => !relay.isRunning && relay.restart({ keepData: false }),
  },
  once('restart', ({ relay }) => relay.restart()),
  once('restart without data', ({ relay }) => relay.restart({ keepData: false })),
  once('half-open relay', ({ relay }) => {
    relay.faults.halfOpen = true;
    relay.faults.halfOpen = false;
  }),
  once('clock', ({ relay, random }) => (relay.clockSkew = Math.floor((random() - 0.5) * 14_400_000))),
  once('cut in an answer', ({ relay, random }) => (relay.faults.dropAfter = Math.floor(random() * 8))),
  faulty('refuse', { refuse: true }),
  faulty('hang', { hang: true }),
  faulty('slow', { delay: (random) => 500 + random() * 4_000 }),
  faulty('very slow', { delay: (random) => 5_000 + random() * 10_000 }),
  faulty('no EOSE', { noEose: true }),
  faulty('EOSE twice', { duplicateEose: true }),
  faulty('no OK', { noOk: true }),
  faulty('OK for nothing', { okGarbageId: true }),
  faulty('rejects duplicates', { rejectsDuplicates: true }),
  faulty('notices', { noticeOnly: ['REQ', 'EVENT'] }),
  refusing('rate-limited: slow down'),
  refusing('error: the database is busy'),
  refusing('blocked: not today'),
  refusing('restricted: for members'),
  // Byzantine
  faulty('forges in front', { lie: 'forged-signature', lieInFront: true }),
  faulty('forges content in front', { lie: 'forged-content', lieInFront: true }),
  faulty('forges instead', { lie: 'forged-content' }),
  faulty('wrong ids', { lie: 'wrong-id', lieInFront: true }),
  faulty('what nobody asked for', { lie: 'unmatched', lieInFront: true }),
  faulty('from the future', { lie: 'future-dated', lieInFront: true }),
  faulty('forgets', { forgets: true }),
  faulty('withholds', { withholds: ({ id }) => id < '8' }),
  faulty('hides more', { hidesMore: true }),
  faulty('malformed', { malformed: true }),
  flood('unmatched', 60),
  flood('unmatched', 1_500),
  flood('unknown-subscription', 200),
  flood('notice', 300),
  flood('malformed', 60),
];
