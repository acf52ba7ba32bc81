/**
 * The folder that `npm start` and F5 open: the sample cluster comes up in it, with the predictor that was trained last.
 * What the user has changed there stays.
 */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SETTINGS = { 'stowage.connection.openSample': true, 'git.openRepositoryInParentFolders': 'never' };

/** @returns its path */
export function prepareWorkspace() {
  const workspace = join(root, '.stowage/workspace');
  put(join(workspace, '.vscode/settings.json'), (path) => writeFileSync(path, JSON.stringify(SETTINGS, null, 2)));
  for (const name of ['predictors/sample-7.json', 'predictors/sample-7.md']) {
    const trained = join(root, '.stowage', name);
    if (existsSync(trained)) put(join(workspace, '.stowage', name), (path) => copyFileSync(trained, path));
  }
  return workspace;
}

function put(path, make) {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) make(path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(prepareWorkspace());
