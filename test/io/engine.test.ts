import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { loadEngine } from '../../src/io/engine.ts';

describe('the engine', () => {
  let workspace: string;
  beforeEach(() => {
    workspace = mkdtempSync(join(tmpdir(), 'stowage-engine-'));
  });
  afterEach(() => rmSync(workspace, { recursive: true, force: true }));

  /** Puts a module in the place where a workspace's tfjs-node would be. */
  function install(code: string, name = '@tensorflow/tfjs-node') {
    const directory = join(workspace, 'node_modules/@tensorflow/tfjs-node');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
    writeFileSync(join(directory, 'index.js'), code);
  }
  const core = JSON.stringify(createRequire(import.meta.url).resolve('@tensorflow/tfjs-core'));
  const standIn = (sum: string) => `const core = require(${core});
    module.exports = { ...core, ready: async () => {}, tidy: (work) => work(), getBackend: () => 'tensorflow',
      add: (a, b) => ({ dataSync: () => [${sum}] }) };`;

  it('is the workspace’s tfjs-node where there is one and it computes', async () => {
    install(standIn('a + b'));
    assert.equal((await loadEngine(workspace)).getBackend(), 'tensorflow');
  });

  const unusable: Readonly<Record<string, string | undefined>> = {
    'there is none': undefined,
    'it does not load on this machine': "throw new Error('The specified module could not be found');",
    'it computes nonsense': standIn('0'),
  };
  for (const [name, code] of Object.entries(unusable)) {
    it(`is the wasm backend where ${name}`, async () => {
      if (code !== undefined) install(code);
      assert.equal((await loadEngine(workspace)).getBackend(), 'wasm');
    });
  }

  it('is the wasm backend where another package is in that place, which is not loaded', async () => {
    install('process.exit(1);', '@tensorflow/tfjs');
    assert.equal((await loadEngine(workspace)).getBackend(), 'wasm');
  });

  it('looks nowhere unless told of a workspace whose code may run', async () => {
    install(standIn('a + b'));
    assert.equal((await loadEngine()).getBackend(), 'wasm');
  });
});
