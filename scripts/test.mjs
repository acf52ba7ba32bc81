/**
 * Runs the rooms, the real control plane and the real editor, as far as this machine can, says plainly what it left out and
 * how to get it, and closes with `N passed, N failed`. `--only unit|cluster|editor` runs one part.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCodeServer, installCodeServer } from './code-server.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const counts = { passed: 0, failed: 0, pending: 0 };

/** These stand outside the configuration, which leaves them out of the quick run. */
const SLOW = ['--no-config', '--timeout', '300000', '--retries', '1'];
/** Files at once. The tests of the control plane mostly wait for it. */
const AT_ONCE = {
  rooms: String(availableParallelism()),
  cluster: String(availableParallelism() + 1),
  editor: String(availableParallelism()),
};

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
    run: editor,
  },
];

for (const part of PARTS.filter(({ name }) => !only || name === only)) {
  console.log(`\n== ${part.title}`);
  const started = Date.now();
  await part.run();
  console.log(`   ${((Date.now() - started) / 1000).toFixed(0)} s`);
}
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

/** Installs the editor first: each test file would do so for itself. Where it cannot be had each says so and is left out. */
async function editor() {
  if (findCodeServer().kind === 'installable' && !(await installed())) return;
  mocha(longestFirst('test/vscode', ['plan', 'demo', 'kubernetes']), [...SLOW, '--parallel', '--jobs', AT_ONCE.editor]);
}

/** What is fetched from far away may fail once. */
async function installed(tries = 2) {
  try {
    await installCodeServer({ onProgress: console.log });
    return true;
  } catch (error) {
    console.error(error.message);
    if (tries > 1) return installed(tries - 1);
    record(false);
    return false;
  }
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
