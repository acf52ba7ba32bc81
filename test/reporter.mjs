import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** Of an error's message, in characters: the sum of several runs says it again, where only the end of a log is kept. */
const LONGEST = 8000;

/**
 * Mocha's spec reporter that leaves its counts where `STOWAGE_TEST_COUNTS` says, for the sum over several runs. A test that
 * is tried again has failed: a retry hides a defect.
 */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const counts = { passed: 0, failures: [], pending: 0 };
    const fail = (test, error) => {
      const why = String(error?.message ?? error).slice(0, LONGEST);
      counts.failures.push(`${test.titlePath?.().join(' › ') ?? test.title}:\n${why}`);
    };
    runner.on('pass', () => counts.passed++);
    runner.on('pending', () => counts.pending++);
    runner.on('fail', fail);
    runner.on('retry', (test, error) => {
      fail(test, error);
      console.log(`    tried again, which counts as failed: ${test.title}: ${error?.stack ?? error}`);
    });
    runner.on('end', () => {
      if (process.env.STOWAGE_TEST_COUNTS) writeFileSync(process.env.STOWAGE_TEST_COUNTS, JSON.stringify(counts));
    });
  }
}
