import { pureVerifier } from './pure.ts';
import { serveVerifier } from './serve-verifier.ts';

serveVerifier(pureVerifier);
