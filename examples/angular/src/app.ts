import { Component } from '@angular/core';
import { Composer } from './composer';
import { Feed } from './feed';
import { Relays } from './relays';

@Component({
  selector: 'app-root',
  imports: [Composer, Feed, Relays],
  template: `
    <main>
      <h1>rx-relay-pool with Angular</h1>
      <app-feed class="feed" />
      <app-composer />
      <app-relays />
    </main>
  `,
})
export class App {}
