/**
 * `npm start`: trains on the sample cluster's history, prints the sample cluster's plan, then opens VS Code with the packaged
 * extension: the desktop editor where `code` is on the PATH, else in the browser. Where no editor can be had it says what
 * is missing; the plan stands. `--no-editor` ends after the plan.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCodeServer, startEditor } from './code-server.mjs';
import { packageExtension } from './package.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const workspace = join(root, '.stowage', 'workspace');

stowage('train', '--cluster', 'sample');
stowage('plan', '--cluster', 'sample');
if (!process.argv.includes('--no-editor')) await openEditor();

async function openEditor() {
  say('\nPackaging the extension …');
  const { path, bytes } = await packageExtension();
  say(`${path} (${(bytes / 1e6).toFixed(1)} MB)`);
  mkdirSync(workspace, { recursive: true });
  if (run('code', ['--version'], 'ignore') === 0) {
    run('code', ['--install-extension', path, '--force']);
    run('code', [workspace]);
    return say('VS Code is open: choose Stowage in the activity bar, then “Open the Sample Cluster”.');
  }
  const server = findCodeServer();
  if (server.kind === 'missing') return say(`No editor was opened. ${server.reason} ${server.remedy}`);
  try {
    const editor = await startEditor({ folder: workspace, vsix: path, onProgress: say });
    say(
      `\nVS Code runs in the browser: ${editor.url}\nChoose Stowage in the activity bar, then “Open the Sample Cluster”. Ctrl-C ends it.`,
    );
    process.on('SIGINT', () => void editor.stop().then(() => process.exit(0)));
    process.on('SIGTERM', () => void editor.stop().then(() => process.exit(0)));
    await editor.exited;
  } catch (error) {
    say(`No editor was opened: ${error instanceof Error ? error.message : error}`);
  }
}

function stowage(...words) {
  const status = run(process.execPath, [join(root, 'dist/cli.js'), ...words]);
  if (status !== 0) process.exit(status ?? 1);
}

function run(command, words, stdio = 'inherit') {
  return spawnSync(command, words, { cwd: root, stdio }).status;
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
