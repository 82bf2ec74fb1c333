// The page of the browser suite: an app's bundle that hands the library to the tests, which drive it from outside.
import { finalizeEvent } from 'nostr-tools/pure';
import * as library from 'rx-relay-pool';
import * as outbox from 'rx-relay-pool/outbox';
import { workerPoolVerifier } from 'rx-relay-pool/worker-pool';
import { BehaviorSubject } from 'rxjs';

globalThis.library = { ...library, ...outbox, workerPoolVerifier, finalizeEvent, BehaviorSubject };
