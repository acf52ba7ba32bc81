import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, it } from 'mocha';

const core = resolve(import.meta.dirname, '../../src/core');

const IMPORT =
  /^\s*(import|export)\s+(type\s)?[^;'"]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm;

function imports(file: string): { readonly specifier: string; readonly typeOnly: boolean }[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => ({
    specifier: match[3] ?? match[4] ?? match[5] ?? '',
    typeOnly: match[2] !== undefined,
  }));
}

describe('the core', () => {
  const files = globSync('**/*.ts', { cwd: core }).map((file) => join(core, file));

  it('holds files to look at', () => assert.ok(files.length > 5));

  it('imports nothing outside itself but types', () => {
    const outside = files.flatMap((file) =>
      imports(file)
        .filter(({ specifier, typeOnly }) => {
          const inside =
            specifier.startsWith('.') && !relative(core, resolve(dirname(file), specifier)).startsWith('..');
          return !inside && !typeOnly;
        })
        .map(({ specifier }) => `${relative(core, file)} imports ${specifier}`),
    );
    assert.deepEqual(outside, []);
  });

  it('reads no clock and draws no hidden random number', () => {
    const impure = files.filter((file) =>
      /\bDate\.now\(|new Date\(\)|Math\.random\(|performance\.now\(/.test(
        readFileSync(file, 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, ''),
      ),
    );
    assert.deepEqual(
      impure.map((file) => relative(core, file)),
      [],
    );
  });
});
