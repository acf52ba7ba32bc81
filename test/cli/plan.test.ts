import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { run } from '../../src/cli/plan.ts';
import { InputError } from '../../src/core/model/input.ts';
import { parsePlan } from '../../src/core/plan/parsePlan.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { BUILT } from './built.ts';

function stowage(directory: string, ...words: string[]): { code: number | null; out: string; error: string } {
  const env = { ...process.env, KUBECONFIG: join(directory, 'none'), NO_COLOR: '1' };
  const ran = spawnSync(process.execPath, [BUILT, ...words], { cwd: directory, env, encoding: 'utf8' });
  return { code: ran.status, out: ran.stdout, error: ran.stderr };
}

describe('stowage plan --format', () => {
  it('takes the formats there are', async () => {
    const words = ['--cluster', 'sample', '--format', 'pdf'];
    await assert.rejects(async () => run(words), /--format is text, json, csv, markdown, or html, not "pdf"\./);
  });

  it('prints a report in place of the text', () => {
    const directory = mkdtempSync(join(tmpdir(), 'stowage-plan-'));
    try {
      const { code, out, error } = stowage(directory, 'plan', '--cluster', 'sample', '--format', 'markdown');
      assert.deepEqual([code, error], [0, '']);
      assert.match(out, /^# Plan: sample seed 7\n\n\*\*/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('stowage plan', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-plan-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('prints the sample cluster’s plan: all four parts, aligned within 120 columns for the most part', () => {
    const { code, out, error } = stowage(directory, 'plan', '--cluster', 'sample', '--seed', '7', '--out', 'plan.json');
    assert.equal(error, '');
    assert.equal(code, 0);
    for (const part of [
      'PLACE',
      'RESIZE',
      'MIGRATE',
      'FORECAST',
      'do nothing',
      'this plan',
      'Next: stowage apply plan.json',
    ]) {
      assert.ok(out.includes(part), `the printed plan holds ${part}`);
    }
    assert.ok(!out.includes('undefined') && !out.includes('NaN') && !out.includes('\u001b'));
    const wide = out.split('\n').filter((line) => line.length > 140);
    assert.deepEqual(wide, []);
  });

  it('prints a repack: what it lets in, its gap, and its moves in the order of the plan', () => {
    const { code, out } = stowage(directory, 'plan', '--cluster', 'sample', '--seed', '12', '--out', 'repack.json');
    assert.equal(code, 0);
    const [, lines = ''] = /\n( +repacks (?:.+\n)+)/.exec(out) ?? [];
    assert.match(lines, /repacks [\w, -]+: lets 4 GPU in, at most 4 GPU could be \(gap 0 %\)/);
    assert.match(lines, /in this order, the longest to go first/);
    const { moves }: Plan = parsePlan(JSON.parse(readFileSync(join(directory, 'repack.json'), 'utf8')), sha256);
    const printed = [...lines.matchAll(/^ +(\S+\/\S+) +(\S+) → (\S+)/gm)].map(([, task, from, to]) => [task, from, to]);
    assert.ok(printed.length >= 2, lines);
    const migrations = moves.flatMap((move) => (move.kind === 'migration' ? [[move.task.id, move.from, move.to]] : []));
    const ofRepack = migrations.filter(([task]) => printed.some(([each]) => each === task));
    assert.deepEqual(printed, ofRepack);
  });

  it('writes a plan that can be applied, and knows how to open its cluster again', () => {
    const plan: Plan = parsePlan(JSON.parse(readFileSync(join(directory, 'plan.json'), 'utf8')), sha256);
    assert.ok(plan.moves.length > 0);
    assert.deepEqual(plan.target, { kind: 'sample', seed: 7, directory: join(realpathSync(directory), '.stowage') });
  });

  it('gives the six parts as JSON, the same bytes for the same seed, in another directory too', () => {
    const other = mkdtempSync(join(tmpdir(), 'stowage-plan-'));
    try {
      const json = [directory, other].map(
        (at) => stowage(at, 'plan', '--cluster', 'sample', '--seed', '7', '--json').out,
      );
      assert.equal(json[0], json[1]);
      const parts = ['snapshot', 'predictor', 'placements', 'resizes', 'migrations', 'forecast'];
      assert.deepEqual(Object.keys(JSON.parse(json[0]!)), parts);
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it('ends with one line and an exit code that is not 0 when its words are wrong', () => {
    const { code, out, error } = stowage(directory, 'plan', '--kubeconfig', 'none');
    assert.match(error, /none/);
    assert.deepEqual([code, out, error.trimEnd().split('\n').length], [2, '', 1]);
  });

  it('says what is wrong with its words, and what to do', async () => {
    const refused = (text: RegExp, ...words: string[]) =>
      assert.rejects(run(words), (error) => error instanceof InputError && text.test(error.message));
    await refused(/Which cluster\? Use --cluster sample/);
    await refused(/There is no cluster "production"/, '--cluster', 'production');
    await refused(/not a whole number/, '--cluster', 'sample', '--seed', 'seven');
    await refused(/There is no setting "speed"/, '--cluster', 'sample', '--setting', 'speed=1');
    await refused(/is not a time/, '--cluster', 'sample', '--advance', 'tomorrow');
    await refused(/two clusters/, '--cluster', 'sample', '--context', 'x');
    await refused(/See: stowage plan --help/, '--clutser', 'sample');
  });
});
