import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'mocha';
import { DEFAULT_SETTINGS } from '../src/core/model/settings.ts';

const root = resolve(import.meta.dirname, '..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');
const manifest = JSON.parse(text('package.json'));
const nls: Record<string, string> = JSON.parse(text('package.nls.json'));

describe('the manifest', () => {
  const declared: string[] = manifest.contributes.commands.map(({ command }: { command: string }) => command);

  it('declares each command that the table has, and no other; the trees’ own rows have none, and kernels register theirs', () => {
    const table = [...text('src/commands/table.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(
      (match) => `stowage.${match[1]}`,
    );
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
    assert.deepEqual(
      [...named, ...linked].filter((command) => !declared.includes(command)),
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

  it('gives the settings of the method the defaults of the core', () => {
    for (const [name, { default: value }] of Object.entries(
      manifest.contributes.configuration.properties as Record<string, { default: unknown }>,
    )) {
      const key = name.replace('stowage.', '');
      const seconds = key.endsWith('Minutes') ? 60 : key.endsWith('Hours') ? 3600 : undefined;
      const inCore = key.replace(/(Minutes|Hours)$/, 'Seconds');
      if (!(inCore in DEFAULT_SETTINGS)) continue;
      const expected = DEFAULT_SETTINGS[inCore as keyof typeof DEFAULT_SETTINGS];
      assert.deepEqual(seconds ? Number(value) * seconds : value, expected, name);
    }
  });
});
