import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { finishPlan } from '../../src/core/plan/makePlan.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { openJournal } from '../../src/operate/journal.ts';
import { firstOfEach, isMigration, isShrink, planOf } from '../operate/samplePlan.ts';
import { BUILT } from './built.ts';

describe('stowage uninstall', () => {
  let directory: string;
  let state: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-uninstall-'));
    state = path.join(directory, '.stowage');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const stowage = (...words: string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      const child = execFile(process.execPath, [BUILT, ...words], { cwd: directory }, (_, out, err) =>
        resolve({ code: child.exitCode, out, err }),
      );
    });
  const uninstall = (...words: string[]) =>
    stowage('uninstall', '--traces', '--cluster', 'sample', '--seed', '7', ...words);
  const traces = async () => (await (await openSampleCluster({ seed: 7, directory: state })).readTraces()).objects;

  async function applyMoves(): Promise<void> {
    const whole = await planOf(await openSampleCluster({ seed: 7, directory: state }));
    const { id: _, format: __, ...draft } = firstOfEach(whole, [isShrink, isMigration]);
    const plan = finishPlan(draft, sha256, { target: { kind: 'sample', seed: 7, directory: state } });
    await writeFile(path.join(directory, 'plan.json'), JSON.stringify(plan));
    assert.equal((await stowage('apply', 'plan.json', '--yes')).code, 0);
  }

  it('asks before it takes off what moves have left, takes it off, and tells of the pin that holds', async () => {
    await applyMoves();
    const before = await traces();
    const names = before.flatMap((each) => each.traces.map(({ name }) => name)).sort();
    assert.deepEqual(names, ['stowage.dev/last-shrink', 'stowage.dev/pinned']);
    const unasked = await uninstall();
    assert.equal(unasked.code, 2);
    assert.match(
      unasked.out,
      /Take the traces of Stowage off 1 object of sample seed 7:\n {2}stowage\.dev\/last-shrink: 1 in /,
    );
    assert.match(unasked.err, /not a terminal. Add --yes/);
    assert.deepEqual(await traces(), before);
    const agreed = await uninstall('--yes');
    assert.equal(agreed.code, 0, agreed.err);
    assert.match(agreed.out, /^stowage\.dev\/pinned stays on 1 in .*: its pin still sends its tasks to /);
    assert.match(agreed.out, /1 object has lost its traces\.\n$/);
    assert.deepEqual(
      (await traces()).flatMap((each) => each.traces.map(({ name }) => name)),
      ['stowage.dev/pinned'],
    );
    const again = await uninstall('--yes');
    assert.equal(again.code, 0);
    assert.match(again.out, /There is no trace of Stowage on sample seed 7 that can be taken off\.\n$/);
  });

  it('changes nothing while another command carries out moves here, or without a cluster', async () => {
    const journal = await openJournal(state);
    const busy = await uninstall('--yes');
    await journal.close();
    assert.deepEqual([busy.code, busy.out], [2, '']);
    assert.match(busy.err, /^Another apply is at work here/);
    assert.match((await stowage('uninstall', '--traces')).err, /^Which cluster\?/);
  });

  it('says without --traces what is done by hand, and deletes nothing', async () => {
    const { code, out } = await stowage('uninstall');
    assert.equal(code, 0);
    assert.match(out, /\.stowage holds nothing\./);
    await (await openJournal(state)).close();
    const files = await readdir(state);
    const { out: told } = await stowage('uninstall');
    assert.match(told, /\.stowage holds .*journal\.jsonl.*: what was applied and learned here\./);
    assert.deepEqual(await readdir(state), files);
  });
});
