import type { WorkerPort } from './worker-port.ts';

/** What a worker answers to a job: its result, or why it has none. */
export type JobAnswer<Result> =
  (Result & { readonly job: number }) | { readonly job: number; readonly problem: string };

interface Worker<Result> {
  readonly port: WorkerPort;
  readonly jobs: Map<number, { resolve: (result: Result) => void; reject: (error: Error) => void }>;
}

/**
 * Workers, and who of them does what. Each job goes to the worker with the fewest; a worker starts with the first job that finds the others
 * busy, unless whoever has the job would rather wait for them. One that dies is replaced, and its jobs reject.
 */
export class WorkerJobs<Job extends object, Result extends object> {
  readonly #limit: number;
  readonly #spawn: () => WorkerPort;
  readonly #workers = new Set<Worker<Result>>();
  #jobNumber = 0;
  #closed = false;

  constructor(limit: number, spawn: () => WorkerPort) {
    this.#limit = limit;
    this.#spawn = spawn;
  }

  /** Whether a worker, or one that may still be started, has fewer jobs than this. */
  hasRoom(jobs: number, mayStart = true): boolean {
    return this.#isAnotherDue(mayStart) || [...this.#workers].some((worker) => worker.jobs.size < jobs);
  }

  /** @param mayStart - Whether the job is worth another worker; the first is started in any case. */
  do(job: Job, transfer?: readonly ArrayBuffer[], mayStart = true): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('This worker pool is closed.'));
      const worker = this.#leastBusy(mayStart);
      const number = ++this.#jobNumber;
      worker.jobs.set(number, { resolve, reject });
      try {
        worker.port.postMessage({ ...job, job: number }, transfer);
      } catch (error) {
        worker.jobs.delete(number);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Stops the workers; jobs under way reject, and later ones too. */
  close(): void {
    this.#closed = true;
    for (const worker of this.#workers) this.#retire(worker, 'This worker pool was closed.');
  }

  #leastBusy(mayStart: boolean): Worker<Result> {
    const [first] = [...this.#workers].sort((a, b) => a.jobs.size - b.jobs.size);
    return first && (first.jobs.size === 0 || !this.#isAnotherDue(mayStart)) ? first : this.#start();
  }

  #isAnotherDue(mayStart: boolean): boolean {
    return this.#workers.size < (mayStart ? this.#limit : 1);
  }

  #start(): Worker<Result> {
    const worker: Worker<Result> = { port: this.#spawn(), jobs: new Map() };
    worker.port.onMessage((message) => {
      const answer = message as JobAnswer<Result>;
      const job = worker.jobs.get(answer.job);
      worker.jobs.delete(answer.job);
      if ('problem' in answer) job?.reject(new Error(answer.problem));
      else job?.resolve(answer);
    });
    worker.port.onError((error) => this.#retire(worker, `A verifying worker died: ${String(error)}`));
    this.#workers.add(worker);
    return worker;
  }

  #retire(worker: Worker<Result>, problem: string): void {
    if (!this.#workers.delete(worker)) return;
    worker.port.terminate();
    for (const { reject } of worker.jobs.values()) reject(new Error(problem));
    worker.jobs.clear();
  }
}
