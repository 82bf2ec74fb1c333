import type { NostrEvent } from '../protocol/event.ts';
import type { Latency } from './latency.ts';
import type { TieBreak } from './time-order.ts';

/**
 * The ways in which a test relay can lie about an event that it sends.
 *
 * | lie | what is sent |
 * |---|---|
 * | `forged-signature` | the event with another signature |
 * | `forged-content` | the event with other content, under the same id and signature |
 * | `wrong-id` | the event under another id |
 * | `unmatched` | a validly signed event that nobody asked for (none when the filter matches everything) |
 * | `future-dated` | a validly signed event of the same kind and tags, by another author, dated ten years ahead |
 *
 * @example
 * ```ts
 * import { TestRelay, type Lie } from 'rx-relay-pool/testing';
 *
 * const lie: Lie = 'forged-signature';
 * const liar = await TestRelay.start({ faults: { lie } });
 * ```
 */
export type Lie = 'forged-signature' | 'forged-content' | 'wrong-id' | 'unmatched' | 'future-dated';

/**
 * Everything that can be wrong with a test relay. All of it is off by default, and all of it can be changed at any time:
 * set a field of `relay.faults`, and what the relay does next shows it.
 *
 * @example
 * ```ts
 * import { TestRelay } from 'rx-relay-pool/testing';
 *
 * const relay = await TestRelay.start({ faults: { delay: 200 } });
 * relay.faults.noEose = true;
 * relay.clearFaults();
 * ```
 */
export interface RelayFaults {
  /** The handshake is refused with status 503. @default false */
  refuse: boolean;
  /** The TCP connection is accepted, but the handshake is never answered. @default false */
  hang: boolean;
  /**
   * On every connection that is open when it is set, or is opened while it is set, nothing more is read, answered or
   * closed, and no ping gets its pong. Such a connection stays dead when the fault is cleared; later ones are well.
   * @default false
   */
  halfOpen: boolean;
  /** Milliseconds before every answer and every live event, their order kept; or a function that draws them. @default 0 */
  delay: Latency;
  /** REQ is never answered by EOSE. @default false */
  noEose: boolean;
  /** EOSE comes twice. @default false */
  duplicateEose: boolean;
  /** EVENT and AUTH are never answered by OK; what they do is done all the same. @default false */
  noOk: boolean;
  /** OK carries an id that is no event's. @default false */
  okGarbageId: boolean;
  /** An event that is there already is answered by OK false instead of OK true. @default false */
  rejectsDuplicates: boolean;
  /**
   * REQ, COUNT, AUTH and NEG-OPEN are answered by nothing but a NOTICE; or only those of them that are listed.
   * @default false
   */
  noticeOnly: boolean | readonly ('REQ' | 'COUNT' | 'AUTH' | 'NEG-OPEN' | 'EVENT')[];
  /** REQ and COUNT are refused by CLOSED, NEG-OPEN by NEG-ERR, with this reason. @default undefined */
  closedWith: string | undefined;
  /** EVENT is refused by OK false with this reason. @default undefined */
  rejectedWith: string | undefined;
  /** AUTH is refused by OK false with this reason. @default undefined */
  authRejectedWith: string | undefined;
  /** Milliseconds by which the challenge comes after the refusal that asks for it; 0: it comes before. @default 0 */
  lateAuth: number;
  /** A published event is answered by OK true, but neither stored nor sent to anyone. @default false */
  forgets: boolean;
  /** Events that are not sent though they match, stored or live; EOSE says nothing of it. @default undefined, which is none */
  withholds: ((event: NostrEvent) => boolean) | undefined;
  /** EOSE says that there is no more (NIP-67), though a cap left something out. @default false */
  hidesMore: boolean;
  /** What events are turned into when they are sent, stored or live. @default undefined */
  lie: Lie | undefined;
  /** The lie comes in front of the true event instead of in its place. @default false */
  lieInFront: boolean;
  /** A frame that is no valid message comes before each answer and each live event. @default false */
  malformed: boolean;
  /** `limit: 0` counts as no limit. @default false */
  ignoresLimitZero: boolean;
  /** The order in which the events of an answer are sent. Which they are stays as NIP-01 says. @default 'newest' */
  order: 'newest' | 'oldest' | 'shuffled';
  /** How events of one second are ordered, also when a limit chooses among them. @default 'lowest-id' */
  tieBreak: TieBreak;
  /** No filter gets more stored events than this, and no document says so. @default undefined */
  cap: number | undefined;
  /**
   * The connection is cut, without a close frame, after so many events of the next answer that has as many; this happens
   * once, then the field is undefined again. @default undefined
   */
  dropAfter: number | undefined;
  /** Milliseconds before the information document (NIP-11) is served. @default 0 */
  informationDelay: number;
  /** The request for the information document is never answered. @default false */
  informationHang: boolean;
  /** Served as HTML in place of the information document. @default undefined */
  informationHtml: string | undefined;
}

const none: Readonly<RelayFaults> = {
  refuse: false,
  hang: false,
  halfOpen: false,
  delay: 0,
  noEose: false,
  duplicateEose: false,
  noOk: false,
  okGarbageId: false,
  rejectsDuplicates: false,
  noticeOnly: false,
  closedWith: undefined,
  rejectedWith: undefined,
  authRejectedWith: undefined,
  lateAuth: 0,
  forgets: false,
  withholds: undefined,
  hidesMore: false,
  lie: undefined,
  lieInFront: false,
  malformed: false,
  ignoresLimitZero: false,
  order: 'newest',
  tieBreak: 'lowest-id',
  cap: undefined,
  dropAfter: undefined,
  informationDelay: 0,
  informationHang: false,
  informationHtml: undefined,
};

/** Faults that tell when one was set; what is not given is off. */
export function watchedFaults(initial: Partial<RelayFaults>, changed: () => void): RelayFaults {
  return new Proxy<RelayFaults>(
    { ...none, ...initial },
    {
      set(faults, name, value): boolean {
        const done = Reflect.set(faults, name, value);
        changed();
        return done;
      },
    },
  );
}

/** Switches every fault off. */
export function resetFaults(faults: RelayFaults): void {
  Object.assign(faults, none);
}

/**
 * Frames that are no valid message, each in its own way; `subscriptionId` makes some of them look closer to one.
 */
export function malformedFrames(subscriptionId: string): readonly string[] {
  const id = JSON.stringify(subscriptionId);
  return [
    '',
    'hello',
    '{"type":"EVENT"}',
    '[]',
    'null',
    '["EVENT"]',
    `["EVENT",${id}]`,
    `["EVENT",${id},null]`,
    `["EVENT",${id},{"id":"1","kind":"1","tags":[[]]}]`,
    `["EVENT",${id},{"id":"${'A'.repeat(64)}","pubkey":"${'b'.repeat(64)}","created_at":1e999,"kind":1,"tags":[],"content":"","sig":""}]`,
    `["EVENT",${id},{"id":"${'a'.repeat(64)}"`,
    '["EOSE"]',
    `["EOSE",{"id":${id}}]`,
    '["OK",true]',
    '["OK","",1,2]',
    '["CLOSED"]',
    '["NOTICE",{"text":[]}]',
    '["AUTH",null]',
    '["NONSENSE",1,2,3]',
    '[["EVENT"]]',
    '["EVENT",\ud800]',
    '['.repeat(20_000),
    `[${'['.repeat(2_000)}${']'.repeat(2_000)}]`,
  ];
}
