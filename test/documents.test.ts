import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, it } from 'mocha';

const root = resolve(import.meta.dirname, '..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');

/** What a reader meets first; all that they name is looked up. */
const FRONT = ['README.md', 'CONTRIBUTING.md'];
const DOCS = ['docs/glossary.md', 'docs/method.md', 'docs/safety.md'];
const PAGES = [...FRONT, 'CHANGELOG.md', 'src/README.md', 'bench/README.md', ...DOCS];

type Found = { readonly file: string; readonly value: string };

/** The first group of each match of a pattern in some files. */
function found(files: readonly string[], pattern: RegExp): Found[] {
  return files.flatMap((file) => [...text(file).matchAll(pattern)].map(([, value]) => ({ file, value: value! })));
}

/** Fails with those that are not there; so many must have been looked up at least, lest the pattern finds nothing. */
function allThere(all: readonly Found[], isThere: (found: Found) => boolean, atLeast: number): void {
  assert.ok(all.length >= atLeast, `only ${all.length} found`);
  const missing = all.filter((each) => !isThere(each));
  assert.deepEqual(
    missing.map(({ file, value }) => `${file}: ${value}`),
    [],
  );
}

/** Ids that a page's links may end with: those it gives, and those of its headings. */
function anchors(file: string): Set<string> {
  const given = found([file], /<a id="([^"]+)">/g);
  const headings = found([file], /^#+ (.+)$/gm).map(({ value }) =>
    value
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set([...given.map(({ value }) => value), ...headings]);
}

describe('the documents', () => {
  it('link to files and headings that are there', () => {
    const links = found(PAGES, /\]\((?!https?:)([^)\s]+)\)/g);
    const isThere = ({ file, value }: Found) => {
      const [path = '', anchor] = value.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      return existsSync(join(root, target)) && (anchor === undefined || anchors(target).has(anchor));
    };
    allThere(links, isThere, 30);
  });

  it('name scripts of package.json', () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    const named = [...found(PAGES, /npm run (?:--silent )?([\w:-]+)/g), ...found(PAGES, /npm (start|test)\b/g)];
    allThere(named, ({ value }) => Object.hasOwn(scripts, value), 20);
  });

  it('name files and folders that are there', () => {
    const top = 'src|test|docs|bench|scripts|media|webview|notebooks';
    const paths = found(FRONT, new RegExp(`[\`\\s]((?:${top})/[\\w./*-]*)`, 'g'));
    allThere(paths, ({ value }) => globSync(value, { cwd: root }).length > 0, 10);
  });

  it('name commands of the command line', () => {
    const names = found(['src/cli/main.ts'], /^ {2}(\w+): \{ summary/gm).map(({ value }) => value);
    allThere(found(FRONT, /\bstowage -- (\w+)/g), ({ value }) => names.includes(value), 8);
  });

  it('name commands of the editor as the palette does', () => {
    const titles = Object.entries(JSON.parse(text('package.nls.json')) as Record<string, string>)
      .filter(([key]) => key.startsWith('command.'))
      .map(([, title]) => title);
    allThere(found(FRONT, /\*\*Stowage: ([^*]+)\*\*/g), ({ value }) => titles.includes(value), 4);
  });

  it('give the play cluster settings that exist', () => {
    const { contributes } = JSON.parse(text('package.json'));
    const ids = contributes.configuration.flatMap(({ properties }: { properties: object }) => Object.keys(properties));
    allThere(found(['test/control-plane/play.ts'], /'(stowage\.[\w.]+)'/g), ({ value }) => ids.includes(value), 4);
  });

  it('show a picture that a page loads at once', () => {
    assert.match(text('README.md'), /!\[[^\]]{20,}\]\(media\/plan\.png\)/);
    assert.ok(statSync(join(root, 'media/plan.png')).size <= 400_000);
  });
});

describe('debugging', () => {
  it('starts tasks and scripts that exist', () => {
    const { configurations } = JSON.parse(text('.vscode/launch.json'));
    const { tasks } = JSON.parse(text('.vscode/tasks.json'));
    const { scripts } = JSON.parse(text('package.json'));
    const labels = tasks.map(({ label }: { label: string }) => label);
    for (const { preLaunchTask } of configurations) assert.ok(labels.includes(preLaunchTask), preLaunchTask);
    for (const { label, dependsOn = [], script, args = [] } of tasks) {
      for (const other of dependsOn) assert.ok(labels.includes(other), `${label}: ${other}`);
      if (script) assert.ok(Object.hasOwn(scripts, script), `${label}: ${script}`);
      for (const file of args) assert.ok(existsSync(join(root, file)), `${label}: ${file}`);
    }
  });

  it('waits for lines that the build prints', () => {
    const { tasks } = JSON.parse(text('.vscode/tasks.json'));
    const { beginsPattern, endsPattern } = tasks[0].problemMatcher.background;
    const printed = found(['scripts/build.mjs'], /^const (?:BUILDING|WATCHING) = '(.+)';$/gm).map(({ value }) => value);
    assert.deepEqual(
      [beginsPattern, endsPattern],
      printed.map((line) => `^${line}$`),
    );
  });
});
