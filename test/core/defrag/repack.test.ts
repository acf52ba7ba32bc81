import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { repackWindow } from '../../../src/core/defrag/repack.ts';
import type { Window, WindowTask } from '../../../src/core/defrag/window.ts';
import type { SolveProgram } from '../../../src/core/model/program.ts';
import { loadSolver } from '../../../src/io/highs.ts';

const options = { payoffSeconds: 60, moveCostMilli: 10 };
const gpu = (gpuMilli: number, gpuCount = 1) => ({ milliCpu: 1000, gpuMilli, gpuCount, gpuModels: [] });
const node = (name: string, gpus: number) => ({
  name,
  milliCpu: 16_000,
  memoryBytes: 2 ** 30,
  gpuMilli: new Array<number>(gpus).fill(1000),
});
const task = (id: string, gpuMilli: number, at: number, onGpu = 0, remainingSeconds = 3600): WindowTask => ({
  id,
  taskClass: gpu(gpuMilli),
  memoryBytes: 2 ** 20,
  node: at,
  gpu: onGpu,
  remainingSeconds,
});
const waiting = (id: string, gpuMilli: number, gpuCount = 1) => ({
  id,
  taskClass: gpu(gpuMilli, gpuCount),
  memoryBytes: 2 ** 20,
});

describe('repacking a window', () => {
  let solve: SolveProgram;
  before(async () => {
    solve = await loadSolver();
  });

  it('frees a GPU with the fewest moves, and proves that no packing admits more', () => {
    // Two halves on two nodes; a whole task waits. One half joins the other.
    const window: Window = {
      nodes: [node('a', 1), node('b', 1)],
      tasks: [task('left', 500, 0, 0, 900), task('right', 500, 1, 0, 7200)],
      waiting: [waiting('whole', 1000)],
    };
    const repack = repackWindow(window, solve, options);
    assert.ok(!('kind' in repack));
    assert.equal(repack.moves.length, 1);
    assert.deepEqual(repack.admitted, ['whole']);
    assert.equal(repack.admittedMilli, 1000);
    assert.equal(repack.boundMilli, 1000);
    assert.equal(repack.gap, 0);
  });

  it('leaves a task that ends before a move pays off, and says so', () => {
    const window: Window = {
      nodes: [node('a', 1), node('b', 1)],
      tasks: [task('soon', 500, 0, 0, 30), task('right', 500, 1, 0, 7200)],
      waiting: [waiting('whole', 1000)],
    };
    const repack = repackWindow(window, solve, options);
    assert.ok(!('kind' in repack));
    assert.deepEqual(repack.waits, ['soon']);
    assert.deepEqual(repack.moves, [{ id: 'right', from: 1, to: 0, toGpu: 0 }]);
  });

  it('lets no task of several GPUs onto nodes without any', () => {
    const window: Window = { nodes: [node('a', 0), node('b', 0)], tasks: [], waiting: [waiting('pair', 1000, 2)] };
    assert.deepEqual(repackWindow(window, solve, options), { kind: 'nothingGained', admittedMilli: 0 });
  });

  it('prefers one move to two', () => {
    // a: 300 + 300, b: 400. Moving 400 into a's free 400 frees b; moving both 300s would free a.
    const window: Window = {
      nodes: [node('a', 1), node('b', 1)],
      tasks: [task('x', 300, 0, 0, 100), task('y', 300, 0, 0, 9000), task('z', 400, 1, 0, 9000)],
      waiting: [waiting('whole', 1000)],
    };
    const repack = repackWindow(window, solve, options);
    assert.ok(!('kind' in repack));
    assert.deepEqual(repack.moves, [{ id: 'z', from: 1, to: 0, toGpu: 0 }]);
  });

  it('orders moves so that each fits when its turn comes, longest remaining first among those', () => {
    // A pair waits for node a. Its three tasks go to b, where only the gaps of 300, 200 and 100 are: one each.
    const window: Window = {
      nodes: [node('a', 2), { ...node('b', 3), gpuMilli: [300, 200, 100] }],
      tasks: [task('x', 100, 0, 0, 500), task('y', 200, 0, 1, 9000), task('z', 300, 0, 1, 700)],
      waiting: [waiting('pair', 1000, 2)],
    };
    const repack = repackWindow(window, solve, options);
    assert.ok(!('kind' in repack));
    assert.deepEqual(
      repack.moves.map(({ id, toGpu }) => [id, toGpu]),
      [
        ['y', 1],
        ['z', 0],
        ['x', 2],
      ],
    );
  });

  it('says when nothing is gained, and when a better packing cannot be reached step by step', () => {
    const full: Window = {
      nodes: [node('a', 1)],
      tasks: [task('x', 810, 0)],
      waiting: [waiting('y', 300)],
    };
    assert.deepEqual(repackWindow(full, solve, options), { kind: 'nothingGained', admittedMilli: 0 });
    // a: 600 + 250 (150 free), b: 500 + 350 (150 free). With 250 and 350 exchanged b has 250 free, but neither move fits first.
    const locked: Window = {
      nodes: [node('a', 1), node('b', 1)],
      tasks: [task('a6', 600, 0), task('a2', 250, 0), task('b5', 500, 1), task('b3', 350, 1)],
      waiting: [waiting('w', 250)],
    };
    assert.deepEqual(repackWindow(locked, solve, options), { kind: 'noOrder', admittedMilli: 250 });
  });

  it('admits a task of several GPUs on distinct ones', () => {
    const window: Window = {
      nodes: [node('a', 2), node('b', 1)],
      tasks: [task('x', 200, 0, 0), task('y', 300, 1, 0)],
      waiting: [waiting('pair', 1000, 2)],
    };
    const repack = repackWindow(window, solve, options);
    assert.ok(!('kind' in repack));
    assert.deepEqual(repack.moves, [{ id: 'x', from: 0, to: 1, toGpu: 0 }]);
    assert.equal(repack.admittedMilli, 2000);
  });
});
