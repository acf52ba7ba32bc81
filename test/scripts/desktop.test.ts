import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { openDesktop } from '../../scripts/desktop.mjs';

describe('VS Code on the desktop', () => {
  const own = process.env['PATH'];
  let folder: string;

  before(function () {
    if (process.platform === 'win32') this.skip(); // the stand-in is a shell script
    folder = mkdtempSync(join(tmpdir(), 'stowage desktop '));
  });
  afterEach(() => {
    process.env['PATH'] = own;
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true });
  });

  /** Puts a `code` on the PATH that notes its words, one call a line, and ends as the shell line says. */
  function standIn(end: string): () => string[] {
    const noted = join(folder, 'noted');
    writeFileSync(noted, '');
    writeFileSync(join(folder, 'code'), `#!/bin/sh\n(IFS='|'; echo "$*") >> '${noted}'\n${end}\n`);
    chmodSync(join(folder, 'code'), 0o755);
    process.env['PATH'] = `${folder}${delimiter}${own}`;
    return () => readFileSync(noted, 'utf8').trim().split('\n');
  }

  it('is given the package, and opens the folder in a window of its own', () => {
    const calls = standIn('exit 0');
    assert.deepEqual(openDesktop({ folder: '/a b/workspace', vsix: '/a b/stowage.vsix' }), { kind: 'opened' });
    assert.deepEqual(calls(), [
      '--version',
      '--install-extension|/a b/stowage.vsix|--force',
      '--new-window|/a b/workspace',
    ]);
  });

  it('is absent where no `code` is on the PATH, or one that does not start', () => {
    process.env['PATH'] = folder.replace('desktop', 'nowhere');
    assert.deepEqual(openDesktop({ folder: '/w', vsix: '/v' }), { kind: 'absent' });
    standIn('exit 1');
    assert.deepEqual(openDesktop({ folder: '/w', vsix: '/v' }), { kind: 'absent' });
  });

  it('says what it was asked and what it answered when it does not take the package', () => {
    const calls = standIn('[ "$1" = --version ] || { echo "not compatible" >&2; exit 1; }');
    assert.deepEqual(openDesktop({ folder: '/w', vsix: '/v.vsix' }), {
      kind: 'failed',
      reason: '`code --install-extension /v.vsix --force` failed: not compatible',
    });
    assert.equal(calls().length, 2);
  });
});
