import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../control-plane/until.ts';
import { KernelUnderTest } from './kernelUnderTest.ts';

const KTH = fileURLToPath(new URL('../../../shared/traces/KTH-SP2-1996-2.1-cln.swf.gz', import.meta.url));

describe('stowage in a cell', () => {
  let cells: KernelUnderTest;
  before(() => {
    cells = new KernelUnderTest();
  });
  after(() => cells.close());

  const value = async (code: string) => {
    const { end, error, shown } = await cells.run(`JSON.stringify(${code})`);
    assert.equal(end.how, 'done', error?.stack);
    return JSON.parse(shown.at(-1)!) as unknown;
  };

  it('gives an axis of durations ticks that tell them apart, even where all ran about as long', async () => {
    // From 6/1.25 = 4.8 to 8·1.25 = 10 s: 5 and 10 s are too few, so whole seconds, each (10/4.8)^(1/7) = 1.11 times the last.
    const { ticktext } = (await value('stowage.durationTicks([6, 7, 8])')) as { ticktext: string[] };
    assert.deepEqual(ticktext, ['5 s', '6 s', '7 s', '8 s', '9 s', '10 s']);
    assert.deepEqual(await value('stowage.durationTicks([60]).tickvals.includes(Math.log10(60))'), true);
    assert.deepEqual(await value('stowage.durationTicks([0])'), { tickvals: [], ticktext: [] });
  });

  it('reads a table beside the notebook by its columns and counts what it could not read', async () => {
    writeFileSync(
      join(cells.directory, 'own.csv'),
      'created,finished,user,cores\n100,160,ana,2\n200,150,ana,2\n300,3900,bo,8\n',
    );
    await cells.run(
      "const own = await stowage.history('own.csv', { columns: { submit: 'created', end: 'finished', creator: 'user', cpu: 'cores' } })",
    );
    assert.deepEqual(
      await value('stowage.rows(own).map(({ creator, cores, runtimeSeconds }) => [creator, cores, runtimeSeconds])'),
      [
        ['ana', 2, 60],
        ['bo', 8, 3600],
      ],
    );
    assert.match((await cells.run('own')).shown[0]!, /^own\.csv: 2 finished tasks; 1 row left out, the first because /);
  });

  it('does not hand the planner a network that too few tasks have judged', async () => {
    const { shown } = await cells.run('await stowage.promote(await stowage.train(own))');
    assert.equal(shown.at(-1), '2 finished tasks are too few to judge; the baselines stay in use.');
    assert.ok(!existsSync(join(cells.directory, '.stowage/predictors')));
    rmSync(join(cells.directory, '.stowage/candidate.json')); // the training that is stopped below leaves none
  });

  it('says what to do about a file that is missing or a table without columns', async () => {
    assert.match(
      (await cells.run("await stowage.history('nowhere.swf')")).error!.message,
      /Cannot read .*nowhere\.swf/,
    );
    const { error } = await cells.run("await stowage.history('own.csv')");
    assert.equal(error!.name, 'InputError');
    assert.match(error!.message, /columns/);
  });

  it('reads a public log', async function () {
    if (!existsSync(KTH)) {
      console.log(`      left out: ${KTH} is not on this machine.`);
      this.skip();
    }
    const { shown } = await cells.run(`await stowage.history(${JSON.stringify(KTH)})`);
    // 27,992 rows of the log have a runtime above 0.
    assert.match(shown[0]!, /^KTH-SP2-1996-2\.1-cln\.swf\.gz: 27,992 finished tasks/);
  });

  it('splits in time: nothing of the earlier part ends after the later part begins', async () => {
    await cells.run('const all = await stowage.history(); const { earlier, later } = stowage.split(all, 0.9)');
    const [lastEnd, firstSubmit, count] = (await value(
      '[earlier.tasks.reduce((last, { endedAtSeconds }) => Math.max(last, endedAtSeconds), 0), later.tasks[0].submittedAtSeconds, earlier.tasks.length + later.tasks.length]',
    )) as [number, number, number];
    assert.ok(lastEnd <= firstSubmit);
    assert.ok(count > 9000, `${count}`);
    assert.match((await cells.run('stowage.split(all, 2)')).error!.message, /between 0 and 1/);
  });

  it('plans the sample, shows it in words, and leaves it as it was', async () => {
    await cells.run('await stowage.cluster()');
    const state = join(cells.directory, '.stowage/sample.json');
    const before = existsSync(state) ? readFileSync(state, 'utf8') : undefined;
    const { shown } = await cells.run('const plan = await stowage.plan(); plan');
    assert.match(shown[0]!, /^sample seed 7 /);
    assert.ok(((await value('plan.moves.length')) as number) > 0);
    assert.equal(existsSync(state) ? readFileSync(state, 'utf8') : undefined, before);
  });

  it('forecasts as far as asked, coarse first', async () => {
    await cells.run(
      'const pictures = []; const ahead = await stowage.forecast({ hours: 2, samples: 8, onPicture: ({ samples }) => pictures.push(samples) })',
    );
    const moments = (await value('ahead.scenarios[0].moments.map(({ inSeconds }) => inSeconds)')) as number[];
    assert.deepEqual(moments, [0, 900, 1800, 3600, 7200]);
    // Of 2 of 8 samples, unless the others came before those two.
    assert.ok(['[]', '[2]'].includes(JSON.stringify(await value('pictures'))));
    assert.equal(await value('ahead.samples'), 8);
    assert.match((await cells.run('await stowage.forecast({ hours: 0 })')).error!.message, /1 to 168 hours/);
  });

  it('stops a training with its cell, and writes nothing', async () => {
    const out = join(cells.directory, '.stowage/candidate.json');
    rmSync(out, { force: true }); // another cell's
    const sent = cells.messages.length;
    const running = cells.run('await stowage.train(all)');
    // As soon as it tells how far it is: later, it may have come to its end.
    await until(
      async () => cells.messages.length,
      (count) => count > sent,
    );
    await cells.kernel.interrupt();
    assert.equal((await running).end.how, 'interrupted');
    assert.ok(!existsSync(out));
  });
});
