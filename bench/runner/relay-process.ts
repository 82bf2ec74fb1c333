import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { FromRelays, LivePlan, RelayPlan, ToRelays } from '../relay-process/messages.ts';
import { BUILT, EVENTS } from './build.ts';

/** The process that the relays are in. */
export class RelayProcess {
  private constructor(private readonly process: ChildProcess) {}

  /** Starts it; the first time it has to sign events, which takes some seconds. */
  static async start(): Promise<RelayProcess> {
    const relays = new RelayProcess(fork(`${BUILT}/relays.mjs`, [EVENTS]));
    await relays.#answer('ready');
    return relays;
  }

  async open(plans: readonly RelayPlan[]): Promise<readonly string[]> {
    this.#say({ type: 'open', relays: plans });
    return (await this.#answer('opened')).urls;
  }

  async live(plan: LivePlan): Promise<readonly number[]> {
    this.#say({ type: 'live', plan });
    return (await this.#answer('sent')).times;
  }

  async close(): Promise<void> {
    this.#say({ type: 'close' });
    await this.#answer('closed');
  }

  stop(): void {
    this.process.disconnect();
  }

  #say(message: ToRelays): void {
    this.process.send(message);
  }

  async #answer<T extends FromRelays['type']>(type: T): Promise<FromRelays & { readonly type: T }> {
    for (;;) {
      const [message] = (await once(this.process, 'message')) as [FromRelays];
      if (message.type === type) return message as FromRelays & { readonly type: T };
    }
  }
}
