import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, it } from 'mocha';

type Component = {
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly licenses: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
  readonly purl: string;
};
type Kept = { readonly name: string; readonly version: string; readonly licence: string };

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');

/** Licences under which code may be bundled. */
const FREE = new Set(['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'MIT-0', 'Unlicense']);

describe('what is bundled', () => {
  const kept: readonly Kept[] = JSON.parse(read('scripts/bundled.json'));

  it('is what scripts/bundled.json keeps: name, version and licence of each package', function () {
    if (!existsSync(resolve(root, 'dist/.built'))) this.skip();
    const bill: { readonly bomFormat: string; readonly components: readonly Component[] } = JSON.parse(
      read('dist/sbom.cdx.json'),
    );
    assert.equal(bill.bomFormat, 'CycloneDX');
    const found = bill.components.map(({ group, name, version, licenses: [first] }) => ({
      name: group ? `${group}/${name}` : name,
      version,
      licence: first?.license?.id ?? first?.expression,
    }));
    assert.deepEqual(found, kept, 'Look at what came in or changed; then: node scripts/bundled.mjs --keep');
    for (const { purl, version } of bill.components)
      assert.match(purl, new RegExp(`^pkg:npm/.+@${version.replaceAll('.', '\\.')}$`));
    const licences = read('dist/licences.txt');
    for (const { name, version } of kept) assert.ok(licences.includes(`${name} ${version} (`), name);
  });

  it('is under licences that allow it', () => {
    const others = kept.filter(
      ({ licence }) => !licence.split(/ (?:AND|OR) |[()]/).every((id) => id === '' || FREE.has(id)),
    );
    assert.deepEqual(others, []);
  });

  it('has none of the packages that danfo brings and nothing maintains', () => {
    const dead = ['xlsx', 'request', 'node-fetch'];
    assert.deepEqual(
      kept.filter(({ name }) => dead.includes(name)),
      [],
    );
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { name?: string }>;
    };
    const installed = Object.entries(packages).filter(([path]) => /node_modules\/(xlsx|request)$/.test(path));
    assert.deepEqual(
      installed.map(([, { name }]) => name),
      ['empty-npm-package', 'empty-npm-package'],
    );
  });
});
