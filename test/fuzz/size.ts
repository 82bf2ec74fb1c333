import { seededRandom } from '../../src/testing/index.ts';
import { grammarFrames } from './grammar.ts';
import { type FrameStuff, mutatedFrames } from '../support/mutated-frames.ts';

/**
 * Frames for each suite here: 20,000 among the unit tests, two million by `npm run test:fuzz`. `FUZZ_FRAMES` says another number, `FUZZ_SEED`
 * another seed than that of every day, or the one of a failure.
 */
export const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 20_000);
export const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_714);
/** Milliseconds that a suite may take, on a machine that is busy with others. */
export const TIMEOUT = 60_000 + FRAMES;

/** Frames as the grammar has them, as they are after a mutation, and both. */
export function hostileFrames(seed: number, stuff: () => FrameStuff): () => string {
  const random = seededRandom(seed);
  const written = grammarFrames(random, stuff);
  const mutated = mutatedFrames(random, stuff, written);
  return () => (random() < 0.5 ? written() : mutated());
}
