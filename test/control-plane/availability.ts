import type { Context } from 'mocha';
import { clusterAvailability } from './build.ts';

/**
 * Skips the tests of a suite, saying why, where the test cluster is not available. For a `before` hook.
 * @throws Error in place of that when STOWAGE_REQUIRE_CLUSTER is 1
 */
export function requireCluster(context: Context): void {
  const availability = clusterAvailability();
  if (availability.available) return;
  const why = `${availability.reason}. ${availability.remedy}`;
  if (process.env['STOWAGE_REQUIRE_CLUSTER'] === '1') throw new Error(why);
  console.error(`      left out: ${why}`);
  context.skip();
}
