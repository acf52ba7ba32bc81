import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { InputError } from '../../../src/core/model/input.ts';
import { readOpenbNodes, readOpenbTasks } from '../../../src/core/replay/openb.ts';

const MIB = 2 ** 20;

describe('the openb lists', () => {
  it('read nodes by column name, in any order, unknown columns passed over, nodes without GPUs too', () => {
    const { nodes, problems } = readOpenbNodes(
      'model,sn,rack,memory_mib,gpu,cpu_milli\r\nT4,a,r1,1024,2,64000\r\n,b,r2,2048,0,32000\r\n\r\n',
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(nodes, [
      { name: 'a', milliCpu: 64_000, memoryBytes: 1024 * MIB, gpuCount: 2, gpuModel: 'T4' },
      { name: 'b', milliCpu: 32_000, memoryBytes: 2048 * MIB, gpuCount: 0, gpuModel: undefined },
    ]);
  });

  it('count a row whose quoted cell does not end, and read on', () => {
    const { nodes, problems } = readOpenbNodes('sn,cpu_milli,memory_mib,gpu\n"a,1000,1,0\n"b",1000,1,0\n');
    assert.deepEqual(problems, [{ line: 2, code: 'openQuote', reason: 'a quoted cell does not end on its line' }]);
    assert.deepEqual(
      nodes.map(({ name }) => name),
      ['b'],
    );
  });

  it('read tasks with admissible models and runtimes', () => {
    const { tasks, problems } = readOpenbTasks(
      'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,scheduled_time,deletion_time\n' +
        'a,4000,1,1,500,T4|P100,LS,100,160\n' +
        'b,4000,1,0,0,T4,BE,100,\n' +
        'c,4000,1,2,1000,,BE,100,90\n',
    );
    assert.deepEqual(problems, [
      { line: 4, code: 'runtimeUnknown', reason: 'its runtime only: from scheduled_time 100 to deletion_time 90' },
    ]);
    assert.deepEqual(tasks, [
      {
        name: 'a',
        taskClass: { milliCpu: 4000, gpuMilli: 500, gpuCount: 1, gpuModels: ['T4', 'P100'] },
        memoryBytes: MIB,
        runtimeSeconds: 60,
        qos: 'LS',
      },
      {
        name: 'b',
        taskClass: { milliCpu: 4000, gpuMilli: 0, gpuCount: 0, gpuModels: [] },
        memoryBytes: MIB,
        qos: 'BE',
      },
      // The clock jumped back: the row is used, its runtime is not.
      {
        name: 'c',
        taskClass: { milliCpu: 4000, gpuMilli: 1000, gpuCount: 2, gpuModels: [] },
        memoryBytes: MIB,
        qos: 'BE',
      },
    ]);
  });

  it('count rows that cannot be used with their line and reason, and use the rest', () => {
    const { tasks, problems } = readOpenbTasks(
      'name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,-4000,1,0,0\nb,4000,x,0,0\nc,4000,1,1,1500\nd,4000,1,1,0\ne,1,1,0,\n',
    );
    assert.deepEqual(
      problems.map(({ line }) => line),
      [2, 3, 4, 5],
    );
    assert.match(problems[0]!.reason, /cpu_milli is "-4000"/);
    assert.match(problems[2]!.reason, /gpu_milli is 1500/);
    assert.deepEqual(
      tasks.map(({ name }) => name),
      ['e'],
    );
  });

  it('refuse a list without a needed column or without a usable row, in words', () => {
    assert.throws(() => readOpenbNodes('sn,cpu_milli,gpu\na,1,1\n'), {
      name: 'InputError',
      message: /no column "memory_mib"/,
    });
    assert.throws(() => readOpenbNodes('sn,cpu_milli,memory_mib,gpu,model\n'), InputError);
    assert.throws(() => readOpenbNodes('sn,cpu_milli,memory_mib,gpu,model\na,1,-1,1,T4\n'), /line 2: memory_mib/);
    assert.throws(() => readOpenbTasks(''), InputError);
  });
});
