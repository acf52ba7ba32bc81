/**
 * VS Code in a browser: finds out whether this machine can have code-server, installs it into a cache outside the tree,
 * starts it on a loopback port. `npm start` and the editor tests use it. Runs on the Node 24 that npm brings.
 */
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The manifest and lock file that pin code-server. */
const pinned = join(root, 'test/vscode');
const { dependencies } = JSON.parse(readFileSync(join(pinned, 'package.json'), 'utf8'));

export const CODE_SERVER_VERSION = dependencies['code-server'];

/** Where it is, or will be, installed. */
export const CODE_SERVER_HOME = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
  'stowage/code-server',
  CODE_SERVER_VERSION,
);

/** What building code-server's native modules takes on Linux: a file that shows it is there, and the Debian package that brings it. */
const LIBRARIES = [
  ['/usr/include/gssapi/gssapi.h', 'libkrb5-dev'],
  ['/usr/include/libsecret-1/libsecret/secret.h', 'libsecret-1-dev'],
  ['/usr/include/X11/Xlib.h', 'libx11-dev'],
  ['/usr/include/X11/extensions/XKBfile.h', 'libxkbfile-dev'],
];
const TOOLS = [
  ['g++', 'g++'],
  ['make', 'make'],
  ['python3', 'python3'],
];

/**
 * Whether the browser editor can be had here.
 * @returns `{ kind: 'installed' }`, `{ kind: 'installable' }`, or `{ kind: 'missing', reason, remedy }`, both whole sentences
 */
export function findCodeServer() {
  if (existsSync(join(CODE_SERVER_HOME, 'node_modules/code-server/out/node/entry.js'))) return { kind: 'installed' };
  if (process.platform === 'win32') {
    return {
      kind: 'missing',
      reason: 'The browser editor (code-server) does not run on Windows.',
      remedy: 'Install VS Code so that `code` is on the PATH.',
    };
  }
  const packages = [
    ...TOOLS.filter(([tool]) => !onPath(tool)).map(([, debian]) => debian),
    ...(process.platform === 'linux'
      ? LIBRARIES.filter(([file]) => !existsSync(file)).map(([, debian]) => debian)
      : []),
  ];
  if (packages.length === 0) return { kind: 'installable' };
  return {
    kind: 'missing',
    reason: `The browser editor (code-server) cannot be built without ${packages.join(', ')}.`,
    remedy: `Run \`sudo apt-get install ${packages.join(' ')}\`, or install VS Code so that \`code\` is on the PATH.`,
  };
}

/**
 * Installs code-server unless it is there: about 75 s and 740 MB, once. Two that install at once do not disturb each other.
 * @param onProgress receives one line at a time
 * @throws Error with the last lines of npm when it fails
 */
export async function installCodeServer({ onProgress = () => {} } = {}) {
  if (findCodeServer().kind === 'installed') return;
  onProgress(`Installing VS Code for the browser (code-server ${CODE_SERVER_VERSION}, about 740 MB, once) …`);
  const parent = dirname(CODE_SERVER_HOME);
  mkdirSync(parent, { recursive: true });
  const attempt = mkdtempSync(join(parent, 'installing-'));
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(pinned, name), join(attempt, name));
  try {
    await npmInstall(attempt, onProgress);
    rmSync(CODE_SERVER_HOME, { recursive: true, force: true });
    renameSync(attempt, CODE_SERVER_HOME);
  } catch (error) {
    if (findCodeServer().kind !== 'installed') throw error;
  } finally {
    rmSync(attempt, { recursive: true, force: true });
  }
}

async function npmInstall(directory, onProgress) {
  const lines = [];
  const child = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: directory,
    env: installEnvironment(directory),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const started = Date.now();
  const ticking = setInterval(() => onProgress(`  … ${Math.round((Date.now() - started) / 1000)} s`), 15_000);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => lines.push(String(text)));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  clearInterval(ticking);
  if (code !== 0)
    throw new Error(`Installing code-server failed:\n${lines.join('').split('\n').slice(-15).join('\n')}`);
}

/**
 * Native modules are built from the headers that the `node` package beside code-server brings, of the version that runs it.
 * code-server asks npm's user agent for that version: the one that `npm start` or `npm test` runs in names another.
 */
export function installEnvironment(directory) {
  const name = `${process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${process.platform}-${process.arch}`;
  return {
    ...process.env,
    PATH: [join(directory, 'node_modules/node/bin'), dirname(process.execPath), process.env['PATH']].join(delimiter),
    npm_config_user_agent: undefined,
    npm_config_unsafe_perm: 'true',
    npm_config_legacy_peer_deps: 'true',
    npm_config_nodedir: join(directory, 'node_modules/node/node_modules', name),
  };
}

/**
 * Starts it on a free loopback port; it ends with `stop()` or with this process.
 * @param options `folder` to open; `userData` and `extensions` directories; `trust: false` keeps Workspace Trust on;
 * `environment`: variables that are other than this process's
 * @returns `{ url, port, output(), exited, stop() }` once it answers
 */
export async function startCodeServer({ folder, userData, extensions, trust = true, port: wanted, environment = {} }) {
  const port = wanted ?? (await freePort());
  const child = spawn(nodePath(), [entry(), ...serverWords({ port, userData, extensions, trust }), folder], {
    env: { ...process.env, PORT: undefined, VSCODE_PROXY_URI: undefined, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: its extension hosts would wait three hours for their window to come back.
    detached: true,
  });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => lines.push(String(text)));
  const output = () => lines.join('');
  const exited = new Promise((resolve) => child.on('exit', resolve));
  const end = () => killGroup(child.pid, 'SIGKILL');
  process.on('exit', end);
  const stop = async () => {
    process.off('exit', end);
    killGroup(child.pid, 'SIGTERM');
    await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, 5000))]);
    end();
    await exited;
  };
  try {
    await answers(port, exited, output);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`, port, output, exited, stop };
}

/**
 * What `npm start` does where no desktop editor is: installs code-server once, puts the packaged extension in, opens `folder`.
 * Its user data stay in the cache, so the next start finds the same layout.
 * @returns as `startCodeServer`
 */
export async function startEditor({ folder, vsix, port, onProgress = () => {} }) {
  await installCodeServer({ onProgress });
  const home = join(dirname(CODE_SERVER_HOME), 'editor');
  const userData = join(home, 'user-data');
  const extensions = join(home, 'extensions');
  const settings = join(userData, 'User/settings.json');
  mkdirSync(dirname(settings), { recursive: true });
  if (!existsSync(settings)) writeFileSync(settings, JSON.stringify(QUIET_SETTINGS, null, 2));
  onProgress('Installing the extension …');
  await installExtension({ vsix, userData, extensions });
  onProgress('Starting VS Code …');
  return startCodeServer({ folder, userData, extensions, port });
}

/** An editor that shows the user's work and nothing else: no welcome page, no chat panel, no recommendations. */
export const QUIET_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'typescript.disableAutomaticTypeAcquisition': true,
};

/** Installs a packaged extension into `extensions`. @throws Error with what code-server said */
export async function installExtension({ vsix, userData, extensions }) {
  const words = [entry(), '--install-extension', vsix, '--user-data-dir', userData, '--extensions-dir', extensions];
  const child = spawn(nodePath(), words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => lines.push(String(text)));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`Installing ${vsix} failed:\n${lines.join('')}`);
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // All of them are gone already.
  }
}

function serverWords({ port, userData, extensions, trust }) {
  return [
    ...[
      '--auth',
      'none',
      '--bind-addr',
      `127.0.0.1:${port}`,
      '--user-data-dir',
      userData,
      '--extensions-dir',
      extensions,
    ],
    ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
    ...(trust ? ['--disable-workspace-trust'] : []),
  ];
}

function nodePath() {
  return join(CODE_SERVER_HOME, 'node_modules/node/bin/node');
}

function entry() {
  return join(CODE_SERVER_HOME, 'node_modules/code-server/out/node/entry.js');
}

async function answers(port, exited, output) {
  let gone = false;
  exited.then(() => {
    gone = true;
  });
  for (const until = Date.now() + 60_000; Date.now() < until && !gone; ) {
    const ok = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`code-server did not start:\n${output().split('\n').slice(-15).join('\n')}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function onPath(tool) {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => existsSync(join(directory, tool)));
}
