import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

/** Measures from `start` to `stop`; with a file, a CPU profile of that goes there. */
export class Meter {
  #wall = 0;
  #cpu = process.cpuUsage();
  #session: Session | undefined;

  constructor(private readonly profile: string | undefined) {}

  async start(): Promise<void> {
    if (this.profile) {
      this.#session = new Session();
      this.#session.connect();
      await this.#session.post('Profiler.enable');
      await this.#session.post('Profiler.setSamplingInterval', { interval: 200 });
      await this.#session.post('Profiler.start');
    }
    this.#cpu = process.cpuUsage();
    this.#wall = performance.now();
  }

  /** Milliseconds since `start`, and bytes. */
  stop(): { readonly wall: number; readonly cpu: number; readonly memory: number } {
    const wall = performance.now() - this.#wall;
    const { user, system } = process.cpuUsage(this.#cpu);
    return { wall, cpu: (user + system) / 1_000, memory: process.resourceUsage().maxRSS * 1_024 };
  }

  /** When it was started, by `performance.now()`. */
  get startedAt(): number {
    return this.#wall;
  }

  async save(): Promise<void> {
    if (!this.#session || !this.profile) return;
    const { profile } = await this.#session.post('Profiler.stop');
    writeFileSync(this.profile, JSON.stringify(profile));
  }
}
