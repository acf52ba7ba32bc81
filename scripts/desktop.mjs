/** VS Code on the desktop, by the `code` that it puts on the PATH. */
import { spawnSync } from 'node:child_process';

const onWindows = process.platform === 'win32';

/**
 * Installs a package into desktop VS Code and opens a folder in it. The window stays when this process ends.
 * @returns `{ kind: 'opened' }`, `{ kind: 'absent' }` where there is no `code`, or `{ kind: 'failed', reason }`, a whole sentence
 */
export function openDesktop({ folder, vsix }) {
  if (code(['--version']).status !== 0) return { kind: 'absent' };
  for (const words of [
    ['--install-extension', vsix, '--force'],
    ['--new-window', folder],
  ]) {
    const { status, stderr } = code(words);
    if (status !== 0) return { kind: 'failed', reason: `\`code ${words.join(' ')}\` failed: ${stderr.trim()}` };
  }
  return { kind: 'opened' };
}

/** On Windows `code` is a batch file, which only a shell runs; that takes its words apart at spaces. */
function code(words) {
  const given = onWindows ? words.map((word) => `"${word}"`) : words;
  return spawnSync('code', given, { encoding: 'utf8', shell: onWindows, stdio: ['ignore', 'ignore', 'pipe'] });
}
