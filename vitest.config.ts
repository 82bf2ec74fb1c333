import { defineConfig } from 'vitest/config';
import { findChromium, NO_CHROMIUM } from './test/support/chromium.ts';

const chromium = findChromium();
if (!chromium && process.env['REQUIRE_BROWSER'] === '1') throw new Error(NO_CHROMIUM);

/** Said at the end too, where it is read: a suite that did not run is no green suite. */
const sayThatTheBrowserSuiteWasSkipped = {
  onTestRunEnd: () => {
    if (!chromium)
      process.stderr.write(`\n${'!'.repeat(100)}\n  BROWSER SUITE SKIPPED. ${NO_CHROMIUM}\n${'!'.repeat(100)}\n\n`);
  },
};
/** A file for the results as JSON, for sums over several runs. */
const report = process.env['TEST_REPORT'];

const unit = {
  name: 'unit',
  environment: 'node',
  include: ['test/**/*.test.ts'],
  exclude: [
    'test/browser/**',
    'test/interop/**',
    // Apps and the demo, run as a whole: see test:examples.
    'test/examples/apps/**',
    'test/examples/five-relays.test.ts',
    '**/node_modules/**',
  ],
  testTimeout: 15_000,
  hookTimeout: 15_000,
  // Of two processors vitest would use one.
  maxWorkers: 2,
};
/** Runs in Node and drives a Chromium; the pages use the built browser files. */
const browser = {
  name: 'browser',
  environment: 'node',
  include: ['test/browser/**/*.test.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // One Chromium at a time: two of them and the relays are too much for a small machine.
  fileParallelism: false,
  // Alone, after the others: it measures how a page is kept waiting.
  sequence: { groupOrder: 1 },
};

export default defineConfig({
  test: {
    reporters: ['default', ...(report ? ['json'] : []), sayThatTheBrowserSuiteWasSkipped],
    ...(report ? { outputFile: { json: report } } : {}),
    passWithNoTests: false,
    projects: [{ test: unit }, ...(chromium ? [{ test: browser }] : [])],
  },
});
