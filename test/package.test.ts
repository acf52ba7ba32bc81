import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { listFiles, PackageManager } from '@vscode/vsce';
import { describe, it } from 'mocha';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');

describe('the package', () => {
  it('holds all that was built, and none of the sources or of what only the build needs', async function () {
    if (!existsSync(join(dist, '.built'))) this.skip();
    const packed = await listFiles({ cwd: root, packageManager: PackageManager.None });
    const built = readdirSync(dist, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== '.built' && !entry.name.endsWith('.vsix'))
      .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
    const own = packed.filter((file) => file.startsWith('dist/'));
    assert.deepEqual(own.sort(), built.sort());
    assert.deepEqual(
      packed.filter((file) => !/^(dist|media|notebooks)\//.test(file)).sort(),
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'package.nls.json'].sort(),
    );
    assert.ok(!packed.some((file) => /threaded|\.map$|\.ts$/.test(file)));
  });
});
