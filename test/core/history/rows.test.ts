import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseColumns } from '../../../src/core/history/columns.ts';
import { csvReader } from '../../../src/core/history/csv.ts';
import { jsonLinesReader } from '../../../src/core/history/jsonLines.ts';
import { kubeStateMetricsReader } from '../../../src/core/history/kubeStateMetrics.ts';
import { openbReader } from '../../../src/core/history/openb.ts';
import { type HistoryReader, readLines } from '../../../src/core/history/rows.ts';
import { swfReader } from '../../../src/core/history/swf.ts';

const JSON_ROW = JSON.stringify({ id: 'a', submit: 1, start: 2, end: 3 });

const problemsOf = async (text: string, reader: HistoryReader) =>
  (await readLines([text], reader)).problems.map(({ line, code }) => `${line}: ${code}`);

describe('the lines of a history', () => {
  it('are the same wherever the pieces of the text end', async () => {
    const text = `${JSON_ROW}\r\n\n${JSON_ROW}\n{"id":\n${JSON_ROW}`;
    const whole = await readLines([text], { read: jsonLinesReader() });
    assert.deepEqual([whole.tasks.length, whole.problems.map(({ line }) => line)], [3, [4]]);
    for (let size = 1; size < 40; size += 1) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        text.slice(at * size, (at + 1) * size),
      );
      assert.deepEqual(await readLines(pieces, { read: jsonLinesReader() }), whole, `pieces of ${size}`);
    }
  });

  it('that do not end are no rows, and tell which they are; those after them are read', async () => {
    const endless = 'x'.repeat(2 ** 20 + 1);
    const { tasks, problems } = await readLines([`${JSON_ROW}\n`, endless, endless, `\n${JSON_ROW}\n${endless}`], {
      read: jsonLinesReader(),
    });
    assert.equal(tasks.length, 2);
    assert.deepEqual(problems, [
      { line: 2, code: 'tooLong', reason: 'it has more than 1048576 characters' },
      { line: 4, code: 'tooLong', reason: 'it has more than 1048576 characters' },
    ]);
  });

  it('take no more than twice the time for twice the length of one of them', async () => {
    const piece = '\0'.repeat(2 ** 18);
    const seconds = async (count: number) => {
      const began = performance.now();
      await readLines(
        (function* () {
          for (let at = 0; at < count; at += 1) yield piece;
        })(),
        { read: swfReader() },
      );
      return (performance.now() - began) / 1000;
    };
    await seconds(100);
    // 4,096 pieces are 1 GiB; by joining and splitting again this took minutes.
    assert.ok((await seconds(4096)) < 10);
  });

  it('with numbers that no file could keep are no rows, each by its line', async () => {
    const openb = (gpus: string, created = '1') =>
      `name,cpu_milli,memory_mib,num_gpu,gpu_milli,creation_time,deletion_time,scheduled_time\na,1000,1,1,1000,1,9,2\na,1,1,${gpus},1000,${created},9e9,2\n`;
    assert.deepEqual(await problemsOf(openb('Infinity'), { read: openbReader() }), ['3: amount']);
    assert.deepEqual(await problemsOf(openb('1e999'), { read: openbReader() }), ['3: amount']);
    assert.deepEqual(await problemsOf(openb('1', '-9e15'), { read: openbReader() }), ['3: timeRange']);
    const columns = parseColumns('submit=s,end=e');
    for (const time of ['9e15', '8640000000000001000', '1e300']) {
      assert.deepEqual(await problemsOf(`s,e\n1,2\n1,${time}\n`, { read: csvReader(columns) }), ['3: timeRange'], time);
    }
    const swf = (runtime: string) => `1 1 1 ${runtime} 1 -1 -1 1 1 -1 1 1 -1 1 1 -1 -1 -1\n`;
    assert.deepEqual(await problemsOf(swf('60') + swf('9e15'), { read: swfReader() }), ['2: timeRange']);
    const metrics = ['created', 'start_time', 'completion_time'].map(
      (name, at) => `kube_pod_${name}{namespace="n",pod="p"} ${1000 + at}\n`,
    );
    const owner = 'kube_pod_owner{namespace="n",pod="p",owner_kind="Job",owner_name="j"} 1\n';
    const deadline = 'kube_job_spec_active_deadline_seconds{namespace="n",job_name="j"} Infinity\n';
    const text = [...metrics, owner, deadline].join('');
    assert.deepEqual(await problemsOf(text, kubeStateMetricsReader()), ['5: amount']);
  });
});
