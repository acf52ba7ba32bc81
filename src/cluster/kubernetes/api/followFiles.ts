import { statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Calls back after any of some files has changed, appeared or gone, once for a burst of changes, until the signal
 * aborts. It watches their folders, since programs replace a file rather than write into it, and a mounted file is a
 * chain of links. It does not keep the process alive.
 */
export function followFiles(files: readonly string[], onChange: () => void, signal: AbortSignal): void {
  let known = signatureOf(files);
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const now = signatureOf(files);
    if (signal.aborted || now === known) return;
    known = now;
    onChange();
  };
  for (const folder of new Set(files.map((file) => dirname(file)))) {
    try {
      const watcher = watch(folder, { persistent: false, signal }, () => {
        clearTimeout(timer);
        timer = setTimeout(look, BURST_MILLISECONDS).unref();
      });
      watcher.on('error', () => {}); // the folder is gone, and what was read stays
    } catch {
      // no such folder, or no watches left: what was read stays
    }
  }
}

const BURST_MILLISECONDS = 100;

function signatureOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat ? `${basename(file)} ${stat.ino} ${stat.mtimeMs} ${stat.size}` : '';
    })
    .join('\n');
}
