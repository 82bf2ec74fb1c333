import type { RelaySubscription } from '../sources/relay-subscription.ts';
import type { Drain } from './drain.ts';

/** The REQs of a request that are open at a relay. */
export class OpenReqs {
  /** The one that goes on with live events. */
  live: RelaySubscription | undefined;
  /** The one that fetches a page beside it. */
  page: RelaySubscription | undefined;

  closePage(): void {
    this.page?.close();
    this.page = undefined;
  }

  closeLive(): void {
    this.live?.close();
    this.live = undefined;
  }

  /** Removes one that has ended, and with the live one its page; says which it was. */
  remove(ended: RelaySubscription): 'live' | 'page' | undefined {
    const part = ended === this.live ? 'live' : ended === this.page ? 'page' : undefined;
    if (part) this.closePage();
    if (part === 'live') this.live = undefined;
    return part;
  }

  close(): void {
    this.closePage();
    this.closeLive();
  }

  /** Ends both; what had arrived is still delivered. */
  end(drain: Drain): void {
    for (const open of [this.live, this.page]) if (open) drain.await(open);
    this.forget();
  }

  forget(): void {
    this.live = undefined;
    this.page = undefined;
  }
}
