import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import type { Migration } from '../../src/core/model/moves.ts';
import { finishPlan } from '../../src/core/plan/makePlan.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { readOperations } from '../../src/operate/journal.ts';
import { isFull } from '../full.ts';
import { firstOfEach, isMigration, isPlacement, isShrink, planOf } from '../operate/samplePlan.ts';
import { stoppedAfter } from '../operate/stopped/environment.ts';
import { BUILT } from './built.ts';

/** What can be stopped after so many steps is the source. */
const SOURCE = path.resolve('src/cli/main.ts');
const STACK = /^ {4}at /m;

describe('stowage apply and undo', () => {
  let directory: string;
  let plan: Plan;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-apply-'));
    const state = path.join(directory, '.stowage');
    const cluster = await openSampleCluster({ seed: 7, directory: state });
    const whole = firstOfEach(await planOf(cluster), [isShrink, isPlacement, isMigration]);
    const { id: _, format: __, ...draft } = whole;
    plan = finishPlan(draft, sha256, { target: { kind: 'sample', seed: 7, directory: state } });
    await writeFile(path.join(directory, 'plan.json'), JSON.stringify(plan));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const stowage = (words: readonly string[], cli = BUILT, env: Record<string, string> = {}) =>
    new Promise<{ code: number | null; signal: string | null; out: string; err: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        [cli, ...words],
        { cwd: directory, env: { ...process.env, ...env } },
        (_, out, err) => resolve({ code: child.exitCode, signal: child.signalCode, out, err }),
      );
    });

  it('shows what it does and refuses to go on where nobody can be asked, and nothing is changed', async () => {
    const { code, out, err } = await stowage(['apply', 'plan.json']);
    assert.equal(code, 2);
    assert.match(out, /Apply 3 moves to sample seed 7/);
    assert.match(err, /not a terminal. Add --yes/);
    await assert.rejects(readFile(path.join(directory, '.stowage', 'sample.json')), /ENOENT/);
  });

  it('follows each move to its end, refuses the complete plan, and undoes its resizes', async () => {
    const first = await stowage(['apply', 'plan.json', '--yes']);
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /3 done\.\n$/);
    for (const { to } of plan.moves) if (typeof to === 'string') assert.ok(first.out.includes(`runs on ${to}`));
    const second = await stowage(['apply', 'plan.json', '--yes']);
    assert.deepEqual([second.code, second.out], [2, '']);
    assert.match(second.err, /applied already/);
    const undone = await stowage(['undo', '--yes']);
    assert.equal(undone.code, 0, undone.err);
    assert.match(undone.out, /1 done\.\n$/);
    assert.equal((await stowage(['apply'])).out, 'There is nothing to resume.\n');
    const { out } = await stowage(['ledger']);
    assert.match(out, /^What each applied move was predicted to do, and what came of it\. Newest first, times in /);
    const titles = [...out.matchAll(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}(.*)$/gm)].map(([, title]) =>
      title!.split(' ', 2).join(' '),
    );
    assert.deepEqual(titles.map((title) => title.split(' ')[0]).sort(), ['Migrate', 'Place', 'Shrink', 'Undo:']);
    assert.match(out, /is resized from .* Undone /);
    assert.match((await stowage(['ledger', '--last', '1'])).out, /Undo: Expand .*\n.*is resized.*\n\n3 older ones/);
  });

  it('has an empty ledger before, and takes no count that is none', async () => {
    assert.match((await stowage(['ledger'])).out, /^Nothing was applied yet\./);
    const { code, err } = await stowage(['ledger', '--last', 'many']);
    assert.deepEqual([code, err], [2, '--last takes a whole number above 0, not "many".\n']);
  });

  it('goes on after being killed in the middle of a migration, with its journal and without', async () => {
    // Begin; three entries and a request for each of the first two moves, and one that takes a record off; suspending, asked.
    const killed = await stowage(['apply', 'plan.json', '--yes'], SOURCE, stoppedAfter(12));
    assert.equal(killed.signal, 'SIGKILL', killed.err);
    const owner = (plan.moves.find(isMigration) as Extract<Plan['moves'][number], { kind: 'migration' }>).owner;
    const look = async () =>
      (await openSampleCluster({ seed: 7, directory: path.join(directory, '.stowage') })).readOwner(owner);
    assert.equal((await look())?.suspended, true, 'killed while it was suspended');
    const there = await stowage(['apply']);
    assert.deepEqual([there.code, (await look())?.suspended], [0, false], there.err);
    assert.match(there.out, /3 done/);
  });

  it('goes on on another machine, from what stands on the cluster', async () => {
    await stowage(['apply', 'plan.json', '--yes'], SOURCE, stoppedAfter(12));
    await rm(path.join(directory, '.stowage', 'journal.jsonl'));
    const unnamed = await stowage(['apply']);
    assert.equal(unnamed.code, 2);
    assert.match(unnamed.err, /name the cluster on which another machine began moves/);
    const unasked = await stowage(['apply', '--cluster', 'sample']);
    assert.deepEqual(
      [unasked.code, /Finish the migration of .*: waiting\. .* somebody says yes/.test(unasked.out)],
      [3, true],
      unasked.out,
    );
    assert.match(unasked.out, /\. \S+ is stopped since [^.]*\. Run "stowage apply" to go on\.\n$/);
    const named = await stowage(['apply', '--cluster', 'sample', '--yes']);
    assert.equal(named.code, 0, named.err);
    assert.match(named.out, /Finish the migration of .* runs on/);
  });

  const movedOwner = () => plan.moves.find((move): move is Migration => move.kind === 'migration')!.owner;
  const ownerNow = async () =>
    (await openSampleCluster({ seed: 7, directory: path.join(directory, '.stowage') })).readOwner(movedOwner());

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`brings what has begun to a safe end at ${signal}, at whichever step it comes`, async () => {
      // 1 begin, 5 steps of the shrink, 4 of the placement; the migration's are those after.
      for (const steps of isFull ? [1, 3, 10, 11, 12, 13, 14] : [12, 13]) {
        await rm(path.join(directory, '.stowage'), { recursive: true, force: true });
        const ended = await stowage(['apply', 'plan.json', '--yes'], SOURCE, stoppedAfter(steps, signal));
        assert.equal(ended.signal, null, `${signal} after ${steps} steps: ${ended.err}`);
        assert.match(ended.err, /^Cancelling: what has begun is brought to a safe end\./);
        assert.ok(ended.code === 0 || ended.code === 1, `${steps}: ${ended.code} ${ended.out}`);
        assert.equal((await ownerNow())?.suspended, false, `after ${steps} steps`);
      }
    });
  }

  it('goes on when nobody reads what it prints any more', async () => {
    const child = spawn(process.execPath, [BUILT, 'apply', 'plan.json', '--yes'], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    child.stderr.destroy();
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    assert.equal((await ownerNow())?.suspended, false);
    assert.equal((await readOperations(path.join(directory, '.stowage')))[0]?.states.size, 3);
  });

  it('names the stopped task, since when, and what to run, whatever keeps it from going on', async () => {
    await stowage(['apply', 'plan.json', '--yes'], SOURCE, stoppedAfter(13)); // its journal says that the tasks stop
    const ledger = path.join(directory, '.stowage', 'ledger.jsonl');
    await rename(ledger, `${ledger}.away`);
    await mkdir(ledger);
    const { namespace, name } = movedOwner();
    const { code, err } = await stowage(['apply']);
    assert.equal(code, 3, err);
    const last = new RegExp(`^${namespace}/${name} is stopped since \\d.*\\. Run "stowage apply" to go on\\.$`);
    assert.match(err.trim().split('\n').at(-1)!, last);
    assert.doesNotMatch(err, STACK);
    await rm(ledger, { recursive: true });
    await rename(`${ledger}.away`, ledger);
    assert.deepEqual([(await stowage(['apply'])).code, (await ownerNow())?.suspended], [0, false]);
  });

  for (const [what, make] of [
    ['is a file', (state) => writeFile(state, '')],
    ['leads in a circle', (state) => symlink(state, state)],
    ['leads to nowhere', (state) => symlink('/nowhere/at/all', state)],
    ['is no place to write', (state) => symlink('/proc', state)],
  ] as [string, (state: string) => Promise<void>][]) {
    it(`says in words that .stowage ${what}`, async () => {
      const state = path.join(directory, '.stowage');
      await rm(state, { recursive: true, force: true });
      await make(state);
      for (const words of [['apply', 'plan.json', '--yes'], ['apply'], ['undo', '--yes'], ['ledger']]) {
        const { code, err } = await stowage(words);
        if (code === 0) continue; // a place that can be read and holds nothing
        assert.equal(code, 2, `${words}: ${err}`);
        assert.match(err, words[1] === 'plan.json' ? /^Cannot .*(\.stowage|journal).*\.$/m : /\.$/m);
        assert.doesNotMatch(err, STACK);
      }
    });
  }

  it('says in words that a plan is nested too deeply', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const text = JSON.stringify(plan).replace('"migrations":[', `"migrations":[${deep},`);
    await writeFile(path.join(directory, 'deep.json'), text);
    const { code, err } = await stowage(['apply', 'deep.json', '--yes']);
    assert.deepEqual([code, /nested too deeply/.test(err), STACK.test(err)], [2, true, false], err);
  });

  for (const [what, content, message] of [
    ['is not there', undefined, /there is no such file. Make one with/],
    ['is not JSON', 'plan', /not JSON/],
    ['is not a plan', '{}', /not a plan of this version/],
    ['was edited by hand', 'edit', /changed after it was made/],
  ] as const) {
    it(`says what to do when the plan ${what}`, async () => {
      const file = path.join(directory, 'other.json');
      const edited = JSON.stringify(plan).replace('"direction":"shrink"', '"direction":"expand"');
      if (content !== undefined) await writeFile(file, content === 'edit' ? edited : content);
      const { code, out, err } = await stowage(['apply', 'other.json', '--yes']);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, message);
      assert.equal(err.trim().split('\n').length, 1, err);
    });
  }
});
