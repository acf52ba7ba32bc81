import { join } from 'node:path';
import { isStale } from '../../scripts/stale.mjs';

/** The command line as its users run it; it starts in a quarter of the time that its source takes. */
export const BUILT = join(import.meta.dirname, '../../dist/cli.js');

if (isStale()) throw new Error('dist/ is older than the sources that these tests are of. Run "npm run build" first.');
