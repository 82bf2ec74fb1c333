import { bootstrapApplication } from '@angular/platform-browser';
import { provideRelayPool } from 'rx-relay-pool/angular';
import { App } from './app';
import { relays } from './session';

bootstrapApplication(App, { providers: [provideRelayPool({ relays })] }).catch(console.error);
