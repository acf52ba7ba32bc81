import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, it } from 'mocha';

const src = resolve(import.meta.dirname, '../src');

type Wall = { readonly name: string; readonly may: readonly string[] };

/** The rows of the map's table of packages: its name, and the names in its last column. */
function walls(): Wall[] {
  const [, table = ''] = readFileSync(join(src, 'README.md'), 'utf8').split('## Packages');
  return [...table.matchAll(/^\| `([^`]+)` \|.*\| ([^|]+) \|$/gm)].map(([, name, last]) => ({
    name: name!,
    may: [...last!.matchAll(/`([^`]+)`/g)].map(([, other]) => other!),
  }));
}

const IMPORT = /(?:\bfrom|^import|\bimport\()\s*['"]([^'"]+)['"]/gm;

/** Ways to load a file of the house that `IMPORT` does not find: by `require`, or under a name in a template. */
const UNSEEN = /\brequire\(\s*['"`]\.|\bimport\(\s*`/;

/** Files of the house, and what each imports of it, both as paths from `src`. */
const files = new Map(
  ['**/*.ts', '../webview/**/*.ts']
    .flatMap((pattern) => globSync(pattern, { cwd: src, exclude: ['**/*.d.ts'] }))
    .map((file) => [file, importsOf(file)]),
);

function importsOf(file: string): string[] {
  return [...readFileSync(join(src, file), 'utf8').matchAll(IMPORT)]
    .map(([, specifier]) => specifier!)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(src, resolve(src, dirname(file), specifier)));
}

/** The package of a file: the longest name in the map that its path begins with. */
function packageOf(file: string, names: readonly string[]): string | undefined {
  return names
    .filter((name) => file === name || file.startsWith(`${name}/`))
    .sort((left, right) => right.length - left.length)[0];
}

function isAllowed({ name, may }: Wall, other: string): boolean {
  return other === name || may.includes(other) || (may.includes('core') && other.startsWith('core/'));
}

/** A way round and back to where it began; undefined where there is none. */
function circle(next: ReadonlyMap<string, Iterable<string>>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    path.push(node);
    for (const other of next.get(node) ?? []) {
      const found = visit(other);
      if (found) return found;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of next.keys()) {
    const found = visit(node);
    if (found) return found;
  }
  return undefined;
}

describe('the map in src/README.md', () => {
  const rows = walls();
  const names = rows.map(({ name }) => name);

  it('has a row for every package, and none for what is not there', () => {
    assert.deepEqual(
      [...files.keys()].filter((file) => packageOf(file, names) === undefined),
      [],
    );
    const empty = names.filter((name) => ![...files.keys()].some((file) => packageOf(file, names) === name));
    assert.deepEqual(empty, []);
    assert.deepEqual(
      rows.flatMap(({ may }) => may.filter((other) => other !== 'core' && !names.includes(other))),
      [],
    );
  });

  it('holds every import', () => {
    const through = [...files].flatMap(([file, imported]) => {
      const wall = rows.find(({ name }) => name === packageOf(file, names))!;
      return imported
        .filter((other) => !isAllowed(wall, packageOf(other, names) ?? other))
        .map((other) => `${file} imports ${other}`);
    });
    assert.deepEqual(through, []);
  });

  it('is passed by no way that it does not see', () => {
    const unseen = [...files.keys()].filter((file) => UNSEEN.test(readFileSync(join(src, file), 'utf8')));
    assert.deepEqual(unseen, []);
  });

  it('allows no import that nobody makes', () => {
    const unused = rows.flatMap(({ name, may }) => {
      const made = [...files].flatMap(([file, imported]) => (packageOf(file, names) === name ? imported : []));
      const used = (other: string) =>
        made.some((path) => (other === 'core' ? path.startsWith('core/') : packageOf(path, names) === other));
      return may.filter((other) => !used(other)).map((other) => `${name} need not import ${other}`);
    });
    assert.deepEqual(unused, []);
  });

  it('has no circle of files', () => assert.equal(circle(files)?.join(' → '), undefined));

  it('has no circle of packages', () => {
    // `core` names no package but all of the core, whose own rows are here too.
    const map = new Map(rows.map(({ name, may }) => [name, may.filter((other) => other !== 'core')]));
    assert.equal(circle(map)?.join(' → '), undefined);
  });

  it('leaves the entry and the map alone at the top', () => {
    assert.deepEqual(
      readdirSync(src, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name),
      ['README.md', 'extension.ts'],
    );
  });
});

describe('circles', () => {
  it('are found, whatever leads into them', () => {
    assert.equal(
      circle(
        new Map([
          ['a', ['b', 'c']],
          ['b', []],
          ['c', ['b']],
        ]),
      ),
      undefined,
    );
    assert.deepEqual(
      circle(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
      ['b', 'c', 'b'],
    );
  });
});
