import { Observable, Subscription } from 'rxjs';
import type { Packet } from '../protocol/packet.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Answer } from './question.ts';

interface Member<R> {
  readonly relay: R;
  /** There before the relay is asked, as its first answer may end the request or the membership. */
  readonly subscription: Subscription;
  settled: boolean;
}

/**
 * The answers of all relays of a route as one stream. Relays that join are asked, relays that leave are let go, and every packet that settles
 * a relay says how many are still awaited.
 */
export function gather<R extends Pick<PooledRelay, 'url'>>(
  route: Observable<readonly R[]>,
  ask: (relay: R) => Observable<Answer>,
): Observable<Packet> {
  return new Observable((subscriber) => {
    const members = new Map<RelayUrl, Member<R>>();

    const pending = (): number => {
      let count = 0;
      for (const { settled } of members.values()) if (!settled) count++;
      return count;
    };
    const pass = (member: Member<R>, { packet, settles }: Answer): void => {
      member.settled ||= settles;
      subscriber.next(packet.type === 'event' || packet.type === 'gap' ? packet : { ...packet, pending: pending() });
    };
    const leave = (relay: RelayUrl, member: Member<R>, code: 'removed' | 'pool-closed', message: string): void => {
      members.delete(relay);
      member.subscription.unsubscribe();
      if (member.settled) return;
      subscriber.next({ type: 'lost', relay, error: new RelayError(code, relay, message), pending: pending() });
    };

    subscriber.add(() => {
      for (const { subscription } of members.values()) subscription.unsubscribe();
    });
    subscriber.add(
      route.subscribe({
        next: (relays) => {
          const routed = new Map(relays.map((relay) => [relay.url, relay]));
          for (const [url, member] of members) {
            if (!routed.has(url)) leave(url, member, 'removed', 'The relay takes no part in the request any more.');
          }
          // All are members before the first is asked, so that its answer knows how many are awaited.
          const joining = relays
            .filter(({ url }) => !members.has(url))
            .map((relay): Member<R> => ({ relay, subscription: new Subscription(), settled: false }));
          for (const member of joining) members.set(member.relay.url, member);
          for (const member of joining) {
            const { relay, subscription } = member;
            if (subscription.closed) continue;
            const next = (answer: Answer): void => pass(member, answer);
            subscription.add(ask(relay).subscribe({ next, error: (error) => subscriber.error(error) }));
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          for (const [url, member] of members) leave(url, member, 'pool-closed', 'The pool was closed.');
          subscriber.complete();
        },
      }),
    );
  });
}
