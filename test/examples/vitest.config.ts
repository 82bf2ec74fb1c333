import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** A file for the results as JSON, for sums over several runs. */
const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    name: 'examples',
    root: fileURLToPath(new URL('.', import.meta.url)),
    environment: 'node',
    include: ['apps/*.test.ts', 'five-relays.test.ts'],
    testTimeout: 90_000,
    // Installs an app's packages and builds it.
    hookTimeout: 300_000,
    reporters: ['default', ...(report ? ['json'] : [])],
    ...(report ? { outputFile: { json: report } } : {}),
  },
});
