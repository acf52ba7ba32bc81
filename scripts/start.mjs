/**
 * `npm start`: trains on the sample cluster's history, prints the sample cluster's plan, then opens VS Code with the packaged
 * extension on that cluster: the desktop editor where `code` is on the PATH, else in the browser. Where no editor can be had
 * it says what is missing; the plan stands. `--no-editor` ends after the plan.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCodeServer, startEditor } from './code-server.mjs';
import { openDesktop } from './desktop.mjs';
import { prepareWorkspace } from './workspace.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const vsix = join(root, 'dist', 'stowage.vsix');

stowage('train', '--cluster', 'sample');
stowage('plan', '--cluster', 'sample');
if (!process.argv.includes('--no-editor')) await openEditor();

async function openEditor() {
  say('\nPackaging the extension …');
  // In a process of its own: it lists every file that it packs.
  const packing = spawnSync(process.execPath, [join(root, 'scripts/package.mjs')], { cwd: root, encoding: 'utf8' });
  say(packing.stderr.trim());
  if (packing.status !== 0) return say('No editor was opened: the extension could not be packed.');
  const workspace = prepareWorkspace();
  const desktop = openDesktop({ folder: workspace, vsix });
  if (desktop.kind === 'opened')
    return say('VS Code is open on the sample cluster, with its plan and the walkthrough.');
  if (desktop.kind === 'failed') say(`${desktop.reason}\nIn its place the editor in the browser:`);
  const server = findCodeServer();
  if (server.kind === 'missing') return say(`No editor was opened. ${server.reason} ${server.remedy}`);
  try {
    const editor = await startEditor({ folder: workspace, vsix, onProgress: say });
    say(
      `\nVS Code runs in the browser, on the sample cluster, with its plan and the walkthrough: ${editor.url}\nCtrl-C ends it.`,
    );
    process.on('SIGINT', () => void editor.stop().then(() => process.exit(0)));
    process.on('SIGTERM', () => void editor.stop().then(() => process.exit(0)));
    await editor.exited;
  } catch (error) {
    say(`No editor was opened: ${error instanceof Error ? error.message : error}`);
  }
}

function stowage(...words) {
  const { status } = spawnSync(process.execPath, [join(root, 'dist/cli.js'), ...words], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
