import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @returns true when a source is newer than the last build, or there is none */
export function isStale() {
  const built = statSync(join(root, 'dist/.built'), { throwIfNoEntry: false });
  if (!built) return true;
  return ['src', 'webview', 'scripts/build.mjs', 'scripts/bundled.mjs', 'package-lock.json'].some(
    (path) => newest(join(root, path)) > built.mtimeMs,
  );
}

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
