// Sums vitest's JSON reports into one closing line: node scripts/sum-tests.mjs REPORT...
// A suite that left no report, or failed without a failed test (a file that could not be loaded), counts as one failure.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

let passed = 0;
let failed = 0;
let skipped = 0;

for (const path of process.argv.slice(2)) {
  const suite = basename(path, '.json');
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    console.log(`${suite}: no report`);
    failed += 1;
    continue;
  }
  const failedHere = report.numFailedTests || (report.success === true ? 0 : 1);
  const skippedHere = report.numPendingTests + report.numTodoTests;
  console.log(`${suite}: ${report.numPassedTests} passed, ${failedHere} failed, ${skippedHere} skipped`);
  passed += report.numPassedTests;
  failed += failedHere;
  skipped += skippedHere;
}

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (failed > 0 || passed === 0) process.exitCode = 1;
