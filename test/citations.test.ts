import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'mocha';

const root = resolve(import.meta.dirname, '..');

type Source = { readonly file: string; readonly text: string };

/** Comments may break a citation over two lines: their stars and line ends count as one space. */
function sources(): Source[] {
  return ['src', 'webview', 'bench'].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => {
        const file = join(directory, name);
        return { file, text: readFileSync(join(root, file), 'utf8').replace(/\n\s*\*? */g, ' ') };
      }),
  );
}

/** Every match of a pattern, with the file it is in. */
function cited(all: readonly Source[], pattern: RegExp): { readonly file: string; readonly match: RegExpMatchArray }[] {
  return all.flatMap(({ file, text }) => [...text.matchAll(pattern)].map((match) => ({ file, match })));
}

function anchors(file: string): Set<string> {
  return new Set([...readFileSync(join(root, file), 'utf8').matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!));
}

describe('what the code cites', () => {
  const all = sources();

  it('of the method by number has an anchor there', () => {
    const known = anchors('docs/method.md');
    const rules = cited(all, /\bS([234]\d\d)\b/g);
    assert.ok(rules.length > 50);
    const missing = rules.filter(({ match }) => !known.has(`s${match[1]}`));
    assert.deepEqual(
      missing.map(({ file, match }) => `${file}: ${match[0]}`),
      [],
    );
  });

  it('of the documents and notes is there, the anchor and the heading too', () => {
    const pages = cited(all, /((?:docs|bench|bench\/notes)\/\w+\.md)(?:#([\w-]+)|, "([^"]+)")?/g);
    assert.ok(pages.some(({ match }) => match[2]) && pages.some(({ match }) => match[3]));
    const missing = pages.filter(({ match: [, page, anchor, heading] }) => {
      if (!existsSync(join(root, page!))) return true;
      if (anchor !== undefined) return !anchors(page!).has(anchor);
      return heading !== undefined && !readFileSync(join(root, page!), 'utf8').includes(`# ${heading}\n`);
    });
    assert.deepEqual(
      missing.map(({ file, match }) => `${file}: ${match[0]}`),
      [],
    );
  });

  it('of the method and the algorithms is cited by its path', () => {
    const loose = cited(all, /(?<!docs\/)\b(?:algorithms|method|glossary)\.md|\(method, /g);
    assert.deepEqual(
      loose.map(({ file, match }) => `${file}: ${match[0]}`),
      [],
    );
  });
});
