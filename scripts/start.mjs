/** `npm start`: a predictor trained on the sample cluster's history, then the sample cluster's plan. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function stowage(...words) {
  const { status } = spawnSync(process.execPath, [join(root, 'dist/cli.js'), ...words], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

stowage('train', '--cluster', 'sample');
stowage('plan', '--cluster', 'sample');
