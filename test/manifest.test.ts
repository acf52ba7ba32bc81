import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'mocha';
import { DEFAULT_SETTINGS, SETTINGS } from '../src/core/model/settings.ts';
import { COMMAND_NAMES } from '../src/editor/commandIds.ts';
import { EDITOR_DEFAULTS, formerIdsOf } from '../src/editor/settings.ts';

const root = resolve(import.meta.dirname, '..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');
const manifest = JSON.parse(text('package.json'));
const nls: Record<string, string> = JSON.parse(text('package.nls.json'));

/** Commands of VS Code itself that have a key of ours; `test/vscode/notebook.test.ts` presses it. */
const BUILT_IN = ['notebook.cell.execute'];

describe('the manifest', () => {
  const declared: string[] = manifest.contributes.commands.map(({ command }: { command: string }) => command);

  it('declares each command that the table has, and no other; the trees’ own rows have none, and kernels register theirs', () => {
    const table: string[] = COMMAND_NAMES.map((name) => `stowage.${name}`);
    const inner = ['stowage.showMoreNodes', 'stowage.showMoreTasks'];
    const kernels = ['stowage.restartKernel'];
    assert.deepEqual([...table.filter((id) => !inner.includes(id)), ...kernels].sort(), [...declared].sort());
  });

  it('has a text for each key, and a key for each text', () => {
    const used = [...text('package.json').matchAll(/"%([^%]+)%"/g)].map((match) => match[1] ?? '');
    assert.deepEqual([...new Set(used)].sort(), Object.keys(nls).sort());
  });

  it('names only commands that exist in menus, keys and texts', () => {
    const menus = Object.values(manifest.contributes.menus as Record<string, { command: string }[]>).flat();
    const named = [...menus, ...manifest.contributes.keybindings].map(({ command }: { command: string }) => command);
    const linked = Object.values(nls).flatMap((value) =>
      [...value.matchAll(/\(command:([\w.]+)\)/g)].map((match) => match[1] ?? ''),
    );
    const known = [...declared, ...BUILT_IN];
    assert.deepEqual(
      [...named, ...linked].filter((command) => !known.includes(command)),
      [],
    );
  });

  it('has pictures without inline styles, which a walkthrough’s page forbids: their shapes were black', () => {
    const pictures = readdirSync(join(root, 'media'), { recursive: true, encoding: 'utf8' });
    const svgs = pictures.filter((file) => file.endsWith('.svg'));
    assert.ok(svgs.length >= 5, `${svgs}`);
    assert.deepEqual(
      svgs.filter((file) => /<style|\sstyle\s*=/.test(text(join('media', file)))),
      [],
    );
  });

  it('points at files that are there', () => {
    const media = [
      manifest.icon,
      ...manifest.contributes.viewsContainers.activitybar.map(({ icon }: { icon: string }) => icon),
    ];
    const steps = manifest.contributes.walkthroughs.flatMap(
      ({ steps }: { steps: { media: { svg: string } }[] }) => steps,
    );
    const files = [...media, ...steps.map(({ media }: { media: { svg: string } }) => media.svg)];
    assert.deepEqual(
      files.filter((file) => !existsSync(join(root, file))),
      [],
    );
  });

  describe('declares settings', () => {
    type Property = {
      readonly [key in 'default' | 'minimum' | 'maximum' | 'enum' | 'markdownDescription']?: unknown;
    } & {
      readonly type: string;
      readonly scope?: string;
      readonly order: number;
      readonly markdownDeprecationMessage?: string;
    };
    type Section = { readonly title: string; readonly properties: Readonly<Record<string, Property>> };
    const sections: readonly Section[] = manifest.contributes.configuration;
    const properties = Object.assign({}, ...sections.map((section) => section.properties)) as Section['properties'];
    const inMethod = Object.entries(SETTINGS).flatMap(([field, row]) =>
      row.id === undefined ? [] : [{ field, ...row }],
    );
    const inEditor = (Object.keys(EDITOR_DEFAULTS) as (keyof typeof EDITOR_DEFAULTS)[]).map((id) => ({
      id,
      formerIds: formerIdsOf(id),
    }));
    const all = [...inMethod, ...inEditor].map(({ id, formerIds }) => ({ id: id!, formerIds }));

    it('in five sections, one for each first word of an id', () => {
      const titles = ['Connection', 'Safety', 'Resizing', 'Migration', 'Ranking'];
      assert.deepEqual(
        sections.map(({ title }) => nls[title.slice(1, -1)]),
        titles,
      );
      for (const [index, section] of sections.entries()) {
        const current = Object.entries(section.properties).filter(
          ([, property]) => !property.markdownDeprecationMessage,
        );
        for (const [id] of current) assert.equal(id.split('.')[1], titles[index]!.toLowerCase());
        const orders = Object.values(section.properties).map(({ order }) => order);
        assert.equal(new Set(orders).size, orders.length, 'each has its own place');
      }
    });

    it('as the tables have them, former ones included, and no other', () => {
      const ids = all.flatMap(({ id, formerIds }) => [id, ...formerIds]).map((id) => `stowage.${id}`);
      assert.deepEqual(Object.keys(properties).sort(), ids.sort());
    });

    it('with the defaults, units and bounds of the core', () => {
      for (const { field, id, kind, unit, minimum, maximum, choices } of inMethod) {
        const property = properties[`stowage.${id}`]!;
        const standard = DEFAULT_SETTINGS[field as keyof typeof DEFAULT_SETTINGS];
        if (kind === 'choice') assert.deepEqual([property.default, property.enum], [standard, choices], id);
        else if (kind === 'amounts') assert.deepEqual(property.default, standard, id);
        else {
          const found = [property.default, property.minimum, property.maximum].map((value) => Number(value) * unit);
          assert.deepEqual(found, [standard, minimum, maximum], id);
        }
      }
      for (const [id, standard] of Object.entries(EDITOR_DEFAULTS)) {
        assert.deepEqual(properties[`stowage.${id}`]!.default, standard, id);
      }
    });

    it('under former ids as deprecated, with all but the default, so that it is seen whether the user has set them', () => {
      for (const { id, formerIds } of all) {
        for (const former of formerIds) {
          const { markdownDeprecationMessage: message = '', order, ...old } = properties[`stowage.${former}`]!;
          const { default: _, order: newOrder, ...current } = properties[`stowage.${id}`]!;
          assert.ok(nls[message.slice(1, -1)]?.includes(`#stowage.${id}#`), former);
          assert.deepEqual({ ...old, order }, { ...current, order: newOrder + 1 }, former);
        }
      }
    });

    it('in plain words: no ordinal, and a number of the method at the very end only', () => {
      for (const [key, value] of Object.entries(nls)) {
        assert.doesNotMatch(value, /\b(first|second|third|fourth|fifth|sixth|seventh) (wait|window|threshold)/i, key);
        assert.doesNotMatch(value.replace(/ \(method S\d{3}\)$/, ''), /\bS\d{3}\b|printed rule|\bledger\b/i, key);
      }
    });

    it('that the method’s table of settings names, with the field of each', () => {
      const table = text('docs/method.md').split('<a id="settings"></a>')[1] ?? '';
      const rows = [...table.matchAll(/^\| [^|]+ \| (?:`([\w.]+)`)? ?\| `(\w+)` \|/gm)].map(([, id, field]) => [
        field,
        id,
      ]);
      const expected = Object.entries(SETTINGS).map(([field, { id }]) => [field, id]);
      assert.deepEqual(rows.sort(), expected.sort());
    });

    it('that lead to other machines or programs only where the folder is trusted', () => {
      const restricted = ['connection.kubeconfig', 'connection.prometheus', 'kubeconfig', 'prometheus'];
      assert.deepEqual(
        manifest.capabilities.untrustedWorkspaces.restrictedConfigurations,
        restricted.map((id) => `stowage.${id}`),
      );
    });
  });
});
