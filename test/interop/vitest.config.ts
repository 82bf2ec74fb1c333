import { defineConfig } from 'vitest/config';

/** A file for the results as JSON, for sums over several runs. */
const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    name: 'interop',
    environment: 'node',
    include: ['*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', ...(report ? ['json'] : [])],
    ...(report ? { outputFile: { json: report } } : {}),
  },
});
