import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { eventsSignal } from 'rx-relay-pool/angular';
import { nameOf, timeOf } from './session';

/** The latest notes, and live ones, with the names of who wrote them. */
@Component({
  selector: 'app-feed',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section aria-labelledby="feed">
      <h2 id="feed">Feed</h2>
      <ol>
        @for (note of notes(); track note.id) {
          <li [attr.data-id]="note.id">
            <strong>{{ nameOf(note.pubkey, profiles()) }}</strong>
            <time [attr.datetime]="timeOf(note).toISOString()">{{ timeOf(note).toLocaleTimeString() }}</time>
            <p>{{ note.content }}</p>
          </li>
        }
      </ol>
    </section>
  `,
})
export class Feed {
  protected readonly notes = eventsSignal({ kinds: [1], limit: 100 }, { limit: 100 });
  readonly #authors = computed(() => [...new Set(this.notes().map(({ pubkey }) => pubkey))]);
  // Asks anew when there is another author; without one it asks nothing.
  protected readonly profiles = eventsSignal(computed(() => ({ kinds: [0], authors: this.#authors() })));
  protected readonly nameOf = nameOf;
  protected readonly timeOf = timeOf;
}
