/**
 * Runs format, lint and types, the unit tests, the tests on a real control plane and those in a real editor, as far as this
 * machine can; says plainly what it left out and how to get it, and closes with `N passed, N failed`.
 * `--only unit|cluster|editor` runs one part. `--full` runs at full length the tests that otherwise do a sample of their work.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCluster, clusterAvailability } from '../test/control-plane/build.ts';
import { findCodeServer, installCodeServer } from './code-server.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const PROCESSORS = availableParallelism();
/** Tests of a cluster or an editor wait for most of their time, so there is work for three times the processors; each takes about 1 GB. */
const SLOTS = Math.max(3, Math.min(3 * PROCESSORS, Math.floor(totalmem() / 2 ** 30)));
/** What a task takes of them; the storm has three rounds at work at once. */
const TAKES = { unit: Math.min(PROCESSORS, SLOTS), editor: 2, storm: 2, cluster: 1 };

/** For all tests alike: it ends one that hangs, and measures none, for a loaded machine may take many times as long. */
const TIMEOUT_MILLISECONDS = JSON.parse(readFileSync(join(root, '.mocharc.json'), 'utf8')).timeout;

/** These take longest and begin first, so that nothing long is left to run alone at the end. */
const LONGEST = [
  ...[
    'vscode/plan',
    'control-plane/journey',
    'control-plane/storm',
    'vscode/demo',
    'vscode/notebook',
    'vscode/kubernetes',
    'control-plane/cluster',
  ],
  ...['control-plane/kubernetes', 'vscode/trust', 'control-plane/interrupted', 'control-plane/snapshot'],
];

const all = globSync('test/**/*.test.ts', { cwd: root, exclude: ['**/node_modules/**'] }).sort();
/** Files of a cluster or an editor, minutes each; `.mocharc.json` ignores them. */
const slow = all.filter((file) => /^test\/(control-plane|vscode)\//.test(file));
/** Files that do a sample of their work in `npm test`. */
const sampled = all.filter((file) => /from '[./]+\/full\.ts'/.test(textOf(file)));

/**
 * Files that `npm test` leaves to the full run: they hold the test cluster itself, which changes seldom, or wait minutes
 * for what the unit tests and the storm try, too.
 */
const fullOnly = ['cluster', 'lease', 'unknown'].map((name) => `test/control-plane/${name}.test.ts`);

/** What is built or fetched once on a machine, while other tests already run. */
const PREPARATIONS = {
  cluster: {
    isNeededBy: (file) => file.startsWith('test/control-plane/') || /control-plane\/cluster\.ts'/.test(textOf(file)),
    prepare: async () =>
      clusterAvailability().available && buildCluster((text) => console.error(`   cluster: ${text}`)),
  },
  editor: {
    isNeededBy: (file) => file.startsWith('test/vscode/'),
    prepare: async () => findCodeServer().kind === 'installable' && installEditor(),
  },
};

const counts = { passed: 0, failed: 0, pending: 0 };
const failures = [];
const started = Date.now();
const isFull = process.argv.includes('--full');
if (isFull) process.env['STOWAGE_FULL'] = '1';

await runAll(isFull ? tasksInFull() : tasksOf(wordAfter('--only')));
report();
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);

/** What is to run, in the order to begin it: all parts, or the one that is asked for. */
function tasksOf(part) {
  const inFolder = (folder) => tasksOfFiles(slow.filter((file) => file.startsWith(`test/${folder}/`)));
  if (part === undefined)
    return [checks(), unitTests(), ...tasksOfFiles(slow.filter((file) => !fullOnly.includes(file)))];
  const parts = { unit: [checks(), unitTests()], cluster: inFolder('control-plane'), editor: inFolder('vscode') };
  if (parts[part]) return parts[part];
  console.error(`There is no part "${part}". Parts: ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

/** What `npm test` does a sample of, or nothing. */
function tasksInFull() {
  const isSlow = (file) => slow.includes(file);
  return [
    unitTests(sampled.filter((file) => !isSlow(file))),
    ...tasksOfFiles([...new Set([...fullOnly, ...sampled.filter(isSlow)])]),
  ];
}

function checks() {
  return {
    title: 'Format, lint, types',
    slots: 1,
    needs: [],
    async run(say) {
      for (const [command, ...words] of [
        ['biome', 'check', '.'],
        ['tsc', '--noEmit', '-p', '.'],
        ['tsc', '--noEmit', '-p', 'src/core'],
      ])
        record((await run(command, words, say)) === 0, `${command} ${words.join(' ')}`);
    },
  };
}

function unitTests(files = ['test/**/*.test.ts']) {
  const words = ['--parallel', '--jobs', String(TAKES.unit), ...files];
  return { title: 'Unit tests (no cluster, no editor)', slots: TAKES.unit, needs: [], run: (say) => mocha(words, say) };
}

function tasksOfFiles(files) {
  const rank = (file) => {
    const index = LONGEST.findIndex((name) => file === `test/${name}.test.ts`);
    return index < 0 ? LONGEST.length : index;
  };
  return files.toSorted((left, right) => rank(left) - rank(right)).map(taskOf);
}

/** A file that needs a cluster, an editor or both. */
function taskOf(file) {
  const needs = ['cluster', 'editor'].filter((need) => PREPARATIONS[need].isNeededBy(file));
  const words = ['--no-config', '--timeout', String(TIMEOUT_MILLISECONDS), file]; // the configuration ignores these files
  const slots = needs.includes('editor') ? TAKES.editor : file.endsWith('/storm.test.ts') ? TAKES.storm : TAKES.cluster;
  return { title: file, slots, needs, run: (say) => mocha(words, say) };
}

/**
 * Runs tasks side by side, each as soon as what it needs is prepared and it fits beside those that run. What a task says
 * is shown when it ends.
 */
async function runAll(tasks) {
  const waiting = [...tasks];
  const prepared = new Set();
  const under = new Set();
  const begin = (work) => {
    const promise = work().finally(() => under.delete(promise));
    under.add(promise);
  };
  for (const need of new Set(tasks.flatMap(({ needs }) => needs))) {
    begin(async () => {
      if (await isPrepared(need)) prepared.add(need);
      else waiting.splice(0, waiting.length, ...waiting.filter(({ needs }) => !needs.includes(need)));
    });
  }
  let free = SLOTS;
  while (waiting.length + under.size > 0) {
    for (;;) {
      const next = waiting.find(({ needs }) => needs.every((need) => prepared.has(need)));
      if (!next || next.slots > free) break;
      waiting.splice(waiting.indexOf(next), 1);
      free -= next.slots;
      begin(async () => {
        await show(next);
        free += next.slots;
      });
    }
    await Promise.race(under);
  }
}

async function show({ title, run }) {
  const said = [];
  const began = Date.now();
  await run((text) => said.push(text));
  console.log(`\n== ${title}: ${seconds(began)}\n${said.join('').trimEnd()}`);
}

/** @returns false where it should be possible and failed; the tests themselves say so where it is not possible. */
async function isPrepared(need) {
  try {
    await PREPARATIONS[need].prepare();
    return true;
  } catch (error) {
    console.error(error.message);
    record(false, `preparing the ${need}`);
    return false;
  }
}

/** What is fetched from far away may fail once. */
async function installEditor(tries = 2) {
  try {
    await installCodeServer({ onProgress: (text) => console.error(`   editor: ${text.trim()}`) });
  } catch (error) {
    if (tries === 1) throw error;
    console.error(error.message);
    await installEditor(tries - 1);
  }
}

async function mocha(words, say) {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-test-'));
  const file = join(directory, 'counts.json');
  const status = await run('mocha', ['--reporter', 'test/reporter.mjs', ...words], say, { STOWAGE_TEST_COUNTS: file });
  const found = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failures: [], pending: 0 };
  rmSync(directory, { recursive: true, force: true });
  counts.passed += found.passed;
  counts.pending += found.pending;
  for (const title of found.failures) record(false, title);
  if (status !== 0 && found.failures.length === 0) record(false, `mocha ${words.at(-1)} ended with ${status}`);
}

function record(isPassed, title) {
  counts[isPassed ? 'passed' : 'failed'] += 1;
  if (!isPassed) failures.push(title);
}

/** @returns its exit status */
function run(command, words, say, environment = {}) {
  const child = spawn(join(root, 'node_modules/.bin', command), words, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }), ...environment },
  });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', say);
  return new Promise((resolve, reject) =>
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal)),
  );
}

function report() {
  if (failures.length > 0) console.log(`\nFailed:\n${lines(failures)}`);
  if (counts.pending > 0) console.log(`\n${counts.pending} left out; each says why above.`);
  if (!isFull)
    console.log(
      `\nFrom these a sample; all of them: npm run test:full\n${lines(sampled)}\nLeft to it:\n${lines(fullOnly)}`,
    );
  console.log(`\n${seconds(started)} in all`);
  console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
}

function lines(texts) {
  return texts.map((text) => `  ${text.replaceAll('\n', '\n    ')}`).join('\n');
}

function seconds(since) {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

function textOf(file) {
  return readFileSync(join(root, file), 'utf8');
}

function wordAfter(option) {
  const index = process.argv.indexOf(option);
  return index < 0 ? undefined : process.argv[index + 1];
}
