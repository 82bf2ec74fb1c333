import { Observable, Subscription } from 'rxjs';
import type { Filter } from '../protocol/filter.ts';
import { sameFilters } from '../protocol/filter-key.ts';
import type { Packet } from '../protocol/packet.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { Answer } from './answer.ts';
import type { Choice } from './route.ts';

/** What is known of a chosen relay here. */
type Chosen = Omit<Choice, 'relay'> & { readonly relay: Pick<Choice['relay'], 'url'> };

interface Member<C> {
  readonly choice: C;
  /** There before the relay is asked, as its first answer may end the request or the membership. */
  readonly subscription: Subscription;
  settled: boolean;
}

/**
 * The answers of all relays of a route as one stream. Relays that join are asked, relays that leave are let go, those that are to be asked
 * something else are asked that before the old is let go, and every packet that settles a relay says how many are still awaited.
 *
 * @param heard - Told of all but events before they are passed on: who is chosen instead of a relay that failed is awaited by then.
 */
export function gather<C extends Chosen>(
  route: Observable<readonly C[]>,
  ask: (choice: C) => Observable<Answer>,
  heard: (answer: Answer) => void = () => undefined,
): Observable<Packet> {
  return new Observable((subscriber) => {
    const members = new Map<RelayUrl, Member<C>>();
    let turn = 0;

    const pending = (): number => {
      let count = 0;
      for (const { settled } of members.values()) if (!settled) count++;
      return count;
    };
    const pass = (member: Member<C>, answer: Answer): void => {
      const { packet, settles } = answer;
      if (packet.type === 'event') return subscriber.next(packet);
      member.settled ||= settles;
      heard(answer);
      subscriber.next(packet.type === 'gap' ? packet : { ...packet, pending: pending() });
    };
    const leave = (relay: RelayUrl, member: Member<C>, code: 'removed' | 'pool-closed', message: string): void => {
      members.delete(relay);
      member.subscription.unsubscribe();
      if (member.settled) return;
      subscriber.next({ type: 'lost', relay, error: new RelayError(code, relay, message), pending: pending() });
    };
    const send = (member: Member<C>): void => {
      const { choice, subscription } = member;
      if (subscription.closed) return;
      const next = (answer: Answer): void => pass(member, answer);
      subscription.add(ask(choice).subscribe({ next, error: (error) => subscriber.error(error) }));
    };
    const follow = (choices: readonly C[]): void => {
      const mine = ++turn;
      const joining: Member<C>[] = [];
      const superseded: Subscription[] = [];
      // All are members before the first is asked, or one leaves, so that whatever is said then counts them.
      for (const choice of choices) {
        const before = members.get(choice.relay.url);
        if (before && isSame(choice.filters, before.choice.filters)) continue;
        if (before) superseded.push(before.subscription);
        const member = { choice, subscription: new Subscription(), settled: false };
        members.set(choice.relay.url, member);
        joining.push(member);
      }
      const routed = new Set(choices.map(({ relay }) => relay.url));
      for (const [url, member] of members) {
        // What is said of one who leaves may bring about another choice, which knows better who stays.
        if (turn !== mine) break;
        if (!routed.has(url)) leave(url, member, 'removed', 'The relay takes no part in the request any more.');
      }
      for (const member of joining) send(member);
      for (const subscription of superseded) subscription.unsubscribe();
    };

    subscriber.add(() => {
      for (const { subscription } of members.values()) subscription.unsubscribe();
    });
    subscriber.add(
      route.subscribe({
        next: follow,
        error: (error) => subscriber.error(error),
        complete: () => {
          for (const [url, member] of members) leave(url, member, 'pool-closed', 'The pool was closed.');
          subscriber.complete();
        },
      }),
    );
  });
}

/** Undefined is all of the request. */
function isSame(a: readonly Filter[] | undefined, b: readonly Filter[] | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && sameFilters(a, b));
}
