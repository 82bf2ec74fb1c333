import { ChangeDetectionStrategy, Component } from '@angular/core';
import { relaysSignal } from 'rx-relay-pool/angular';

/** How the relays are, now. */
@Component({
  selector: 'app-relays',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section aria-labelledby="relays">
      <h2 id="relays">Relays</h2>
      <ul aria-labelledby="relays">
        @for (relay of relays(); track relay.url) {
          <li [attr.data-url]="relay.url" [attr.data-status]="relay.state">
            <strong>{{ relay.state }}</strong> <small>{{ relay.url }}</small>
            <p>
              <small>{{ relay.error ? relay.error.message : relay.counters.events + ' events' }}</small>
            </p>
          </li>
        }
      </ul>
    </section>
  `,
})
export class Relays {
  protected readonly relays = relaysSignal();
}
