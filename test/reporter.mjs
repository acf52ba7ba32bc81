import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/**
 * Mocha's spec reporter that leaves its counts where `STOWAGE_TEST_COUNTS` says, for the sum over several runs. A test that
 * is tried again has failed: a retry hides a defect.
 */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const counts = { passed: 0, failures: [], pending: 0 };
    const fail = (test) => counts.failures.push(test.titlePath?.().join(' › ') ?? test.title);
    runner.on('pass', () => counts.passed++);
    runner.on('pending', () => counts.pending++);
    runner.on('fail', fail);
    runner.on('retry', (test, error) => {
      fail(test);
      console.log(`    tried again, which counts as failed: ${test.title}: ${error?.stack ?? error}`);
    });
    runner.on('end', () => {
      if (process.env.STOWAGE_TEST_COUNTS) writeFileSync(process.env.STOWAGE_TEST_COUNTS, JSON.stringify(counts));
    });
  }
}
