import { ChangeDetectionStrategy, Component, computed, signal } from '@angular/core';
import type { PublishReport } from 'rx-relay-pool';
import { injectRelayPool } from 'rx-relay-pool/angular';
import { sign } from './session';

/** Writes a note, and shows what becomes of it at each relay. */
@Component({
  selector: 'app-composer',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section aria-labelledby="composer">
      <h2 id="composer">Publish</h2>
      <form (submit)="send($event, content)">
        <label for="content">Your note</label>
        <textarea id="content" required #content></textarea>
        <button>Publish</button>
      </form>
      <ul aria-label="Progress" aria-live="polite">
        @for (outcome of outcomes(); track outcome.url) {
          <li [attr.data-url]="outcome.url" [attr.data-status]="outcome.status">
            <strong>{{ outcome.status }}</strong> <small>{{ outcome.url }}</small>
          </li>
        }
      </ul>
    </section>
  `,
})
export class Composer {
  readonly #pool = injectRelayPool();
  readonly #report = signal<PublishReport | undefined>(undefined);
  protected readonly outcomes = computed(() =>
    Object.entries(this.#report()?.outcomes ?? {}).map(([url, { status }]) => ({ url, status })),
  );

  protected send(submission: Event, content: HTMLTextAreaElement): void {
    submission.preventDefault();
    this.#pool.publish(sign(content.value)).subscribe((report) => this.#report.set(report));
    content.value = '';
  }
}
