// The page of the dashboard's browser tests: an app that has the element from the package, and what is to be watched in its hands.
import { RelayPool } from 'rx-relay-pool';
import 'rx-relay-pool/dashboard';
import { ReplaySubject } from 'rxjs';

globalThis.parts = { RelayPool, ReplaySubject };
