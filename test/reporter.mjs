import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/**
 * Mocha's spec reporter that also says what a test failed with that is tried again, and leaves its counts where
 * `STOWAGE_TEST_COUNTS` says, for the sum over several runs.
 */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const counts = { passed: 0, failed: 0, pending: 0 };
    runner.on('pass', () => counts.passed++);
    runner.on('fail', () => counts.failed++);
    runner.on('retry', (test, error) => console.log(`    tried again: ${test.title}: ${error?.stack ?? error}`));
    runner.on('pending', () => counts.pending++);
    runner.on('end', () => {
      if (process.env.STOWAGE_TEST_COUNTS) writeFileSync(process.env.STOWAGE_TEST_COUNTS, JSON.stringify(counts));
    });
  }
}
