/** Packs the extension into stowage.vsix from what scripts/build.mjs made. */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVSIX } from '@vscode/vsce';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @returns the path of the package and its size
 * @throws when the manifest is not one that VS Code takes
 */
export async function packageExtension() {
  const path = join(root, 'dist', 'stowage.vsix');
  await createVSIX({
    cwd: root,
    packagePath: path,
    dependencies: false,
    allowMissingRepository: true,
    skipLicense: false,
    // No repository is named that relative links of the README could lead to.
    rewriteRelativeLinks: false,
  });
  return { path, bytes: statSync(path).size };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { path, bytes } = await packageExtension();
  console.error(`${path}: ${(bytes / 1e6).toFixed(1)} MB`);
}
