/**
 * Runs the rooms and the real control plane, as far as this machine can, says plainly what it left out and how to get it,
 * and closes with `N passed, N failed`. `--only unit|cluster|editor` runs one part; the editor's runs only when asked for.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const counts = { passed: 0, failed: 0, pending: 0 };

/** These stand outside the configuration, which leaves them out of the quick run. */
const SLOW = ['--no-config', '--timeout', '300000', '--retries', '1'];
/** Files at once. The tests of the control plane mostly wait for it. */
const AT_ONCE = { rooms: String(availableParallelism()), cluster: String(availableParallelism() + 1) };

const PARTS = [
  { name: 'unit', title: 'Format, lint, types', run: check },
  {
    name: 'unit',
    title: 'Rooms (no editor, no cluster)',
    run: () => mocha(['test/**/*.test.ts'], ['--parallel', '--jobs', AT_ONCE.rooms]),
  },
  {
    name: 'cluster',
    title: 'Real control plane',
    // Asked for by itself it kills the journey after every step; among all tests after every other one.
    run: () =>
      mocha(
        longestFirst('test/cluster', ['snapshot', 'interrupted', 'journey', 'cluster']),
        [...SLOW, '--parallel', '--jobs', AT_ONCE.cluster],
        only ? { STOWAGE_FULL: '1' } : {},
      ),
  },
  {
    name: 'editor',
    title: 'Real editor',
    run: () => mocha(['test/vscode/*.test.ts'], SLOW),
  },
];

for (const part of PARTS.filter(({ name }) => (only ? name === only : name !== 'editor'))) {
  console.log(`\n== ${part.title}`);
  const started = Date.now();
  part.run();
  console.log(`   ${((Date.now() - started) / 1000).toFixed(0)} s`);
}
if (!only) console.log('\nLeft out: the real editor (about 5 minutes). Run it with: npm run test:editor');
if (counts.pending > 0) console.log(`\n${counts.pending} left out; each says why above.`);
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);

function check() {
  record(run('biome', ['check', '.']) === 0);
  record(run('tsc', ['--noEmit', '-p', '.']) === 0);
}

function mocha(files, options = [], environment = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-test-'));
  const report = join(directory, 'counts.json');
  const status = run('mocha', [...options, '--reporter', 'test/reporter.mjs', ...files], {
    STOWAGE_TEST_COUNTS: report,
    ...environment,
  });
  const found = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { passed: 0, failed: 0, pending: 0 };
  rmSync(directory, { recursive: true, force: true });
  counts.passed += found.passed;
  counts.failed += found.failed + (status !== 0 && found.failed === 0 ? 1 : 0);
  counts.pending += found.pending;
}

/** The test files of a folder: those named begin first, so that no long one is left to run alone at the end. */
function longestFirst(folder, names) {
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.test.ts'));
  const first = names.map((name) => `${name}.test.ts`);
  return [...first, ...files.filter((file) => !first.includes(file))].map((file) => `${folder}/${file}`);
}

function record(passed) {
  counts[passed ? 'passed' : 'failed'] += 1;
}

function run(command, args, extra = {}) {
  return spawnSync(join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...extra },
  }).status;
}
