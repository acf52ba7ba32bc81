import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseColumns } from '../../../src/core/history/columns.ts';
import { csvReader } from '../../../src/core/history/csv.ts';
import { jsonLinesReader } from '../../../src/core/history/jsonLines.ts';
import { kubeStateMetricsReader } from '../../../src/core/history/kubeStateMetrics.ts';
import { isOpenb, openbReader } from '../../../src/core/history/openb.ts';
import { type LineReader, readLines } from '../../../src/core/history/rows.ts';
import { swfReader } from '../../../src/core/history/swf.ts';
import { InputError } from '../../../src/core/model/input.ts';

const readText = (text: string, read: LineReader) => readLines([text], { read });
const row = (fields: string) => `${fields} -1 -1 -1\n`;
/** job 7, submit 100, wait 5, run 60, 2 processors, limit 600, status 1, user 3. */
const GOOD = row('7 100 5 60 2 -1 -1 4 600 1024 1 3 -1 9 2');

describe('the Standard Workload Format', () => {
  it('gives times, limit, creator, executable, queue, requested size and memory', async () => {
    const { tasks, problems } = await readText(`; UnixStartTime: 1000\n${GOOD}`, swfReader());
    assert.deepEqual(problems, []);
    assert.deepEqual(tasks, [
      {
        id: '7',
        parameters: { creator: 'user 3', name: 'executable 9', queue: 'queue 2', requestedRuntimeSeconds: 600 },
        // 1024 KiB a processor for 4 processors: 4 MiB.
        request: { milliCpu: 4000, memoryBytes: 4 * 2 ** 20, gpuMilli: 0, extended: {} },
        size: 4,
        submittedAtSeconds: 1100,
        startedAtSeconds: 1105,
        endedAtSeconds: 1165,
        outcome: 'succeeded',
      },
    ]);
  });

  it('lists every row it cannot use with its line, and reads on', async () => {
    const text = [
      '; a comment',
      GOOD.trim(),
      row('8 100 5 0 2 -1 -1 4 600 -1 1 3 -1 -1 -1').trim(),
      row('9 100 5 -1 2 -1 -1 4 600 -1 5 3 -1 -1 -1').trim(),
      '10 100 5',
      row('11 100 five 60 2 -1 -1 4 600 -1 1 3 -1 -1 -1').trim(),
      row('12 -1 5 60 2 -1 -1 4 600 -1 1 3 -1 -1 -1').trim(),
      '',
      GOOD.trim(),
    ].join('\n');
    const { tasks, problems } = await readText(text, swfReader());
    assert.equal(tasks.length, 2);
    assert.deepEqual(
      problems.map(({ line, code, reason }) => `${line}: ${code}: ${reason}`),
      [
        '3: noRuntime: its runtime is 0 s: it never ran',
        '4: noRuntime: its runtime is -1 s: it never ran',
        '5: wrongCells: it has 3 fields; the Standard Workload Format has 18',
        '6: notANumber: field 3 is "five", not a number',
        '7: noSubmit: it has no submit time',
      ],
    );
  });

  it('takes an unknown status as an unknown outcome', async () => {
    const { tasks } = await readText(GOOD.replace(' 1 3 ', ' 77 3 '), swfReader());
    assert.equal(tasks[0]?.outcome, 'unknown');
  });

  it('reads the same however the text is cut into pieces', async () => {
    const text = `; UnixStartTime: 5\r\n${GOOD.repeat(4)}broken`;
    const whole = await readText(text, swfReader());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: text.length })), async (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((to, at) => text.slice(places[at], to));
        assert.deepEqual(await readLines(pieces, { read: swfReader() }), whole);
      }),
    );
  });

  it('survives any text', async () => {
    await fc.assert(fc.asyncProperty(fc.string(), async (text) => void (await readText(text, swfReader()))));
  });
});

describe('a CSV table', () => {
  it('is read by its column map, quotes, ISO times and a semicolon included', async () => {
    const columns = parseColumns('submit=created, end=done, creator=who, cpu=cores, status=state');
    const text = 'who;created;done;cores;state\n"Ana ""A""";2026-01-01T00:00:00Z;2026-01-01T00:10:00Z;2;Succeeded\n';
    const { tasks } = await readText(text, csvReader(columns));
    assert.equal(tasks[0]?.parameters.creator, 'Ana "A"');
    assert.equal(tasks[0].endedAtSeconds - tasks[0].startedAtSeconds, 600);
    assert.deepEqual([tasks[0].size, tasks[0].outcome], [2, 'succeeded']);
  });

  it('counts the start back from the end where only the runtime is told', async () => {
    const { tasks } = await readText('s,e,r\n0,500,100\n', csvReader(parseColumns('submit=s,end=e,runtime=r')));
    assert.deepEqual([tasks[0]?.startedAtSeconds, tasks[0]?.endedAtSeconds], [400, 500]);
  });

  it('refuses a map whose columns are not there, naming those that are', async () => {
    await assert.rejects(readText('a,b\n1,2\n', csvReader(parseColumns('submit=a,end=c'))), (error: Error) => {
      assert.ok(error instanceof InputError);
      return /no column "c" \(end\).*Its columns: a, b/.test(error.message);
    });
  });

  it('refuses maps that say nothing of a runtime', () => {
    assert.throws(() => parseColumns('submit=a'), /names no end/);
    assert.throws(() => parseColumns('end=a'), /names no submit time/);
    assert.throws(() => parseColumns('sumbit=a'), /does not map a column/);
    assert.throws(() => parseColumns('submit=a,submit=b'), /twice/);
  });

  it('lists rows that end before they start, lack a time or have other cells', async () => {
    const text = 'a,b\n10,5\n,5\nx,9\n1,2,3\n1,NaN\n7,9\n';
    const { tasks, problems } = await readText(text, csvReader(parseColumns('submit=a,end=b')));
    assert.equal(tasks.length, 1);
    assert.deepEqual(
      problems.map(({ line }) => line),
      [2, 3, 4, 5, 6],
    );
  });
});

describe('JSON lines', () => {
  it('are read by our own names, or by a map', async () => {
    const own = '{"submit": 1, "end": 11, "creator": "ana", "scale": 2.5, "gpu": 2}\nnot json\n[1]\n';
    const { tasks, problems } = await readText(own, jsonLinesReader());
    assert.deepEqual([tasks[0]?.parameters.dataScale, tasks[0]?.size, tasks[0]?.request.gpuMilli], [2.5, 2, 2000]);
    assert.deepEqual(
      problems.map(({ line }) => line),
      [2, 3],
    );
    const mapped = await readText('{"t0": 1, "t1": 4}', jsonLinesReader(parseColumns('submit=t0,end=t1')));
    assert.equal(mapped.tasks[0]?.endedAtSeconds, 4);
  });
});

describe('openb', () => {
  it('is known by its header, and leaves out what never started', async () => {
    const header =
      'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time';
    assert.ok(isOpenb(header));
    const text = `${header}\np0,6000,1024,1,460,,LS,Running,10,100,20\np1,6000,1024,0,0,,BE,Pending,10,100,\n`;
    const { tasks, problems } = await readText(text, openbReader());
    assert.deepEqual([tasks[0]?.size, tasks[0]?.request.gpuMilli, tasks[0]?.startedAtSeconds], [0.46, 460, 20]);
    assert.deepEqual(problems, [{ line: 3, code: 'noStart', reason: 'it has no start time: it never ran' }]);
  });
});

describe('a row of any history', () => {
  const read = async (row: object) => (await readText(JSON.stringify(row), jsonLinesReader())).problems;
  const good = { submit: 100, start: 110, end: 200, size: 1, cpu: 1, memory: 1, gpu: 1, scale: 1, request: 1 };

  it('is left out where a number of it cannot be true', async () => {
    assert.deepEqual(await read(good), []);
    for (const wrong of [
      ...[{ end: 110 + 101 * 366 * 86_400 }, { request: 1e10 }, { size: 1e10 }, { cpu: 1e10 }, { gpu: 1e300 }],
      ...[{ memory: 2 ** 61 }, { scale: 1e30 }, { usedMemory: 1e300 }, { submit: -1e20, start: -1e20, end: -1e19 }],
    ]) {
      const problems = await read({ ...good, ...wrong });
      assert.equal(problems.length, 1, JSON.stringify(wrong));
    }
  });
});

describe('an export of kube-state-metrics', () => {
  const lines = [
    '# HELP kube_pod_created Unix creation timestamp',
    'kube_pod_created{namespace="ml",pod="train-resnet-x7k2p"} 100',
    'kube_pod_start_time{namespace="ml",pod="train-resnet-x7k2p"} 110',
    'kube_pod_completion_time{namespace="ml",pod="train-resnet-x7k2p"} 1.71e+03',
    'kube_pod_owner{namespace="ml",pod="train-resnet-x7k2p",owner_kind="Job",owner_name="train-resnet-28453920"} 1',
    'kube_pod_container_resource_requests{namespace="ml",pod="train-resnet-x7k2p",resource="cpu",unit="core"} 1.5',
    'kube_pod_container_resource_requests{namespace="ml",pod="train-resnet-x7k2p",resource="cpu",unit="core"} 0.5',
    'kube_pod_container_resource_requests{namespace="ml",pod="train-resnet-x7k2p",resource="nvidia_com_gpu"} 2',
    'kube_pod_status_phase{namespace="ml",pod="train-resnet-x7k2p",phase="Succeeded"} 1',
    'kube_job_spec_active_deadline_seconds{namespace="ml",job_name="train-resnet-28453920"} 3600',
    'kube_pod_created{namespace="ml",pod="web-1"} 100',
  ];

  it('is read in a moment, whatever names and labels are made of', async () => {
    const reader = kubeStateMetricsReader();
    const pod = `pod="${'-22222'.repeat(41)}-x"`;
    const names = ['created', 'start_time', 'completion_time'];
    const times = names.map((name, index) => `kube_pod_${name}{namespace="ml",${pod}} ${100 + index}`);
    const labels = `kube_pod_labels{namespace="ml",pod="a",${'l'.repeat(200_000)}} 1`;
    const started = process.cpuUsage();
    const { tasks } = await readLines([[...times, labels].join('\n')], reader);
    const { user, system } = process.cpuUsage(started);
    assert.ok(user + system < 2e6, `${(user + system) / 1e6} s`);
    assert.equal(tasks.length, 1);
  });

  it('becomes tasks whose lines are scattered, and names the pods that have not ended', async () => {
    const { tasks, problems } = await readLines([lines.join('\n')], kubeStateMetricsReader());
    assert.deepEqual(tasks, [
      {
        id: 'ml/train-resnet-x7k2p',
        parameters: { creator: 'ml', name: 'train-resnet', requestedRuntimeSeconds: 3600 },
        request: { milliCpu: 2000, memoryBytes: 0, gpuMilli: 2000, extended: {} },
        size: 2,
        submittedAtSeconds: 100,
        startedAtSeconds: 110,
        endedAtSeconds: 1710,
        outcome: 'succeeded',
      },
    ]);
    assert.deepEqual(problems, [
      { line: 11, code: 'noStart', reason: 'pod ml/web-1: it has no start time: it never ran' },
    ]);
  });
});
