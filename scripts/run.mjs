/**
 * The one door from a clean checkout: installs what is missing, builds what is stale, then runs the wanted thing on the
 * Node 24 that npm brings. Runs itself on any Node from 20.19 on; prints only to standard error, so that a command's output stays clean.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isStale } from './stale.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [task, ...words] = process.argv.slice(2);
const invokedFrom = process.env['INIT_CWD'] ?? process.cwd();

const TASKS = {
  stowage: () => node(['dist/cli.js', ...words], { cwd: invokedFrom }),
  start: () => node(['scripts/start.mjs', ...words]),
  test: () => node(['scripts/test.mjs', ...words]),
  'test:full': () => node(['scripts/test.mjs', '--full', ...words]),
  'test:unit': () => node(['scripts/test.mjs', '--only', 'unit', ...words]),
  'test:cluster': () => node(['scripts/test.mjs', '--only', 'cluster', ...words]),
  'test:editor': () => node(['scripts/test.mjs', '--only', 'editor', ...words]),
  cluster: () => node(['test/control-plane/play.ts', ...words]),
  storm: () => node(['test/control-plane/storm/main.ts', ...words], { cwd: invokedFrom }),
  fuzz: () => node(['test/fuzz/fuzz.ts', ...words]),
  package: () => node(['scripts/package.mjs', ...words]),
  picture: () => node(['test/vscode/picture.ts', ...words]),
  'first-hour': () => node(['test/vscode/firstHour.ts', ...words]),
};

if (!Object.hasOwn(TASKS, task ?? '')) {
  console.error(`There is no task "${task}". Tasks: ${Object.keys(TASKS).join(', ')}.`);
  process.exit(2);
}
withLock(() => {
  if (!installed()) install();
  if (isStale()) compile();
});
process.exit(TASKS[task]());

function install() {
  say('Installing packages (about a minute, once) …');
  must(
    'npm',
    // Not `npm ci`: it refuses where a registry lacks some other platform's optional package; the lock file holds all the same.
    ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'],
    'Installing the packages failed. See the lines above; then run it again.',
  );
}

function compile() {
  say('Building …');
  must(nodePath(), ['scripts/build.mjs'], 'Building failed. See the lines above.');
}

/** True when node_modules holds exactly the versions of package-lock.json. */
function installed() {
  const wanted = packages('package-lock.json');
  const present = packages('node_modules/.package-lock.json');
  if (!wanted || !present || !existsSync(nodePath())) return false;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || present[path]?.version === entry.version || (entry.optional && !present[path]),
  );
}

function packages(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** One installer and builder at a time; a lock whose owner is gone is taken over. */
function withLock(work) {
  const lock = join(root, 'node_modules/.stowage-lock');
  if (installed() && !isStale()) return;
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  for (const started = Date.now(); ; pause(200)) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > 300_000 || Date.now() - started > 300_000) rmSync(lock, { recursive: true, force: true });
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function pause(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function nodePath() {
  return join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

function environment() {
  const separator = process.platform === 'win32' ? ';' : ':';
  return {
    ...process.env,
    PATH: [dirname(nodePath()), join(root, 'node_modules/.bin'), process.env.PATH].join(separator),
  };
}

function node(args, { cwd = root } = {}) {
  const [file, ...rest] = args;
  const { status, signal } = spawnSync(nodePath(), [join(root, file), ...rest], {
    cwd,
    stdio: 'inherit',
    env: environment(),
  });
  return signal ? 130 : (status ?? 1);
}

function must(command, args, message) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: environment(),
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  say(message);
  process.exit(1);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
