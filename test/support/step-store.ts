import type { OutboxStore } from '../../src/durable-outbox/index.ts';

/** What a store is asked to do; each takes two steps, before and after it is done. */
export type StoreCall = 'entries' | 'get' | 'put' | 'delete' | 'close';

/**
 * A store in memory that keeps account of its steps and can crash between any two of them: what was done by then is on the "disk", and nobody
 * hears of anything any more.
 */
export class StepStore implements OutboxStore {
  readonly calls: string[] = [];
  /** Calls that are to fail, after or before the disk has changed. */
  failing: { readonly call: StoreCall; readonly isDone: boolean } | undefined;
  /** Steps after which the process is dead. */
  crashAfter = Infinity;
  /** Called when it dies. */
  onCrash = (): void => undefined;
  steps = 0;

  constructor(readonly disk: Map<string, string> = new Map()) {}

  get isDead(): boolean {
    return this.steps >= this.crashAfter;
  }

  entries(): Promise<[string, string][]> {
    return this.#do('entries', '', () => [...this.disk]);
  }

  get(key: string): Promise<string | undefined> {
    return this.#do('get', key, () => this.disk.get(key));
  }

  put(key: string, value: string): Promise<void> {
    return this.#do('put', key, () => void this.disk.set(key, value));
  }

  delete(key: string): Promise<void> {
    return this.#do('delete', key, () => void this.disk.delete(key));
  }

  close(): Promise<void> {
    return this.#do('close', '', () => undefined);
  }

  async #do<T>(call: StoreCall, key: string, action: () => T): Promise<T> {
    this.calls.push(`${call} ${key}`.trim());
    await this.#step();
    const failing = this.failing?.call === call ? this.failing : undefined;
    if (failing?.isDone === false) throw new Error(`no ${call}`);
    const result = action();
    await this.#step();
    if (failing) throw new Error(`no ${call}`);
    return result;
  }

  async #step(): Promise<void> {
    if (this.isDead) return new Promise(() => undefined);
    this.steps++;
    if (!this.isDead) return;
    this.onCrash();
    return new Promise(() => undefined);
  }
}
