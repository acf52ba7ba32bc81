import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { copyFleet, fits, holdGpus, release } from '../../../src/core/fleet/fleet.ts';
import type { SolveProgram } from '../../../src/core/model/program.ts';
import { seededRandom } from '../../../src/core/model/random.ts';
import { bestFitPolicy } from '../../../src/core/place/policies/published.ts';
import { relocate } from '../../../src/core/replay/relocation.ts';
import type { Placed, Unplaced } from '../../../src/core/replay/saturatedCluster.ts';
import { loadSolver } from '../../../src/io/highs.ts';
import { gpus } from './gpus.ts';

describe('moves after saturation', () => {
  let solve: SolveProgram;

  before(async () => {
    solve = await loadSolver();
  });

  it('move a small task into a gap so that a larger one takes its place', () => {
    const { fleet, put, kind } = gpus(2);
    // n0: 810 and a gap of 190; n1: 700, 160 and a gap of 140. 160 goes to n0, 300 comes to n1.
    const placed = [put(0, 810), put(1, 700), put(1, 160)];
    const made = relocate(
      { fleet, policy: bestFitPolicy(fleet), placed, unplaced: [{ classNumber: kind(300), memoryBytes: 1 }] },
      10,
      solve,
    );
    assert.deepEqual(
      made.map(({ moved, from, to }) => [moved === placed[2], from, to]),
      [[true, 1, 0]],
    );
    assert.deepEqual([...fleet.freeGpuMilli], [30, 0]);
  });

  it('move a second task into the place of the first where one move does not do', () => {
    const { fleet, put, kind } = gpus(3);
    // n0 gap 190; n1: 750 + 160, gap 90; n2: 600 + 250, gap 150. 160 → n0, 250 → n1 (250 free), 400 → n2 (400 free).
    const placed = [put(0, 810), put(1, 750), put(1, 160), put(2, 600), put(2, 250)];
    const made = relocate(
      { fleet, policy: bestFitPolicy(fleet), placed, unplaced: [{ classNumber: kind(400), memoryBytes: 1 }] },
      10,
      solve,
    );
    assert.deepEqual(
      made.map(({ from, to }) => [from, to]),
      [
        [1, 0],
        [2, 1],
      ],
    );
    assert.deepEqual([...fleet.freeGpuMilli], [30, 0, 0]);
  });

  it('keep to the limit, and leave all as it was where nothing helps', () => {
    const { fleet, put, kind } = gpus(3);
    const placed = [put(0, 810), put(1, 750), put(1, 160), put(2, 600), put(2, 250)];
    const before = [...fleet.freeGpuMilli];
    assert.deepEqual(
      relocate(
        { fleet, policy: bestFitPolicy(fleet), placed, unplaced: [{ classNumber: kind(400), memoryBytes: 1 }] },
        1,
        solve,
      ),
      [],
    );
    assert.deepEqual(
      relocate(
        { fleet, policy: bestFitPolicy(fleet), placed, unplaced: [{ classNumber: kind(900), memoryBytes: 1 }] },
        9,
        solve,
      ),
      [],
    );
    assert.deepEqual([...fleet.freeGpuMilli], before);
  });

  it('let several leave a GPU for one larger', () => {
    const { fleet, put, kind } = gpus(3);
    // 160 and 150 leave n2 for the gaps of 190 and 180 on n0 and n1; 690 + 310 is n2.
    const placed = [put(0, 810), put(1, 820), put(2, 690), put(2, 160), put(2, 150)];
    const made = relocate(
      { fleet, policy: bestFitPolicy(fleet), placed, unplaced: [{ classNumber: kind(310), memoryBytes: 1 }] },
      9,
      solve,
    );
    assert.deepEqual(
      made.map(({ from }) => from),
      [2, 2],
    );
    assert.equal(fleet.freeGpuMilli[2], 0);
  });

  it('exchange two tasks where no gap takes either', () => {
    const { fleet, put, kind } = gpus(2);
    // n0: 500 + 400, rest 100; n1: 600 + 300, rest 100. 400 and 300 change places: 200 on n0, nothing on n1.
    const placed = [put(0, 500), put(0, 400), put(1, 600), put(1, 300)];
    const made = relocate(
      { fleet, policy: bestFitPolicy(fleet), placed, unplaced: [{ classNumber: kind(200), memoryBytes: 1 }] },
      9,
      solve,
    );
    assert.equal(made.length, 2);
    assert.equal(made.filter(({ paused }) => paused).length, 1);
    assert.deepEqual([...fleet.freeGpuMilli], [0, 0]);
  });

  it('regroup several GPUs where no exchange of two does', () => {
    const { fleet, put, kind } = gpus(3);
    // Rests 70, 100 and 30. Only 600 + 400, 500 + 500, 470 + 330 + 200 holds them all.
    const placed = [put(0, 600), put(0, 330), put(1, 500), put(1, 400), put(2, 470), put(2, 500)];
    const waiting = [{ classNumber: kind(200), memoryBytes: 1 }];
    const made = relocate({ fleet, policy: bestFitPolicy(fleet), placed, unplaced: waiting }, 9, solve);
    assert.deepEqual([...fleet.freeGpuMilli], [0, 0, 0]);
    assert.ok(made.length > 2 && made.some(({ paused }) => paused));
  });

  it('leave every node within its capacity and every task in one place, whatever the cluster', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const draw = seededRandom(seed);
      const sizes = [810, 650, 550, 470, 470, 370, 320, 230, 220, 160, 110];
      const { fleet, put, kind } = gpus(12);
      const placed: Placed[] = [];
      const waiting: Unplaced[] = [];
      for (let task = 0; task < 60; task += 1) {
        const size = sizes[Math.floor(draw() * sizes.length)]!;
        const node = [...fleet.freeGpuMilli].findIndex((free) => free >= size);
        if (node >= 0) placed.push(put(node, size));
        else waiting.push({ classNumber: kind(size), memoryBytes: 1 });
      }
      const idle = fleet.idleGpuMilli;
      const made = relocate({ fleet, policy: bestFitPolicy(fleet), placed, unplaced: waiting }, 30, solve);
      assert.ok(made.length <= 30);
      assert.ok(fleet.idleGpuMilli < idle === made.length > 0, `seed ${seed}`);
      const held = new Map<number, number>();
      for (const { node, classNumber } of placed) {
        held.set(node, (held.get(node) ?? 0) + fleet.classes.classes[classNumber]!.gpuMilli);
      }
      for (const [node, free] of fleet.freeGpuMilli.entries())
        assert.ok(free >= 0 && (held.get(node) ?? 0) + free <= 1000);
    }
  });

  it('fit in their order when their turn comes, those that stopped being away, also where CPU is scarce', () => {
    const sizes = [650, 550, 470, 460, 370, 320, 230, 220, 160];
    for (let seed = 1; seed <= 12; seed += 1) {
      const draw = seededRandom(seed);
      const { fleet, put, kind } = gpus(14, 9000);
      const placed: Placed[] = [];
      const waiting: Unplaced[] = [];
      for (let task = 0; task < 70; task += 1) {
        const gpuMilli = sizes[Math.floor(draw() * sizes.length)]!;
        const milliCpu = [1000, 2000, 4000][Math.floor(draw() * 3)]!;
        const number = kind(gpuMilli, milliCpu);
        const node = fleet.nodes.findIndex((_, at) => fits(fleet, at, number, 1));
        if (node < 0) waiting.push({ classNumber: number, memoryBytes: 1 });
        else placed.push(put(node, gpuMilli, milliCpu));
      }
      const start = copyFleet(fleet);
      const made = relocate({ fleet, policy: bestFitPolicy(fleet), placed, unplaced: waiting }, 40, solve);
      const away = new Set<number>();
      made.forEach(({ moved, from, to, paused }, index) => {
        const { classNumber } = moved;
        if (!away.has(index)) release(start, from, classNumber, 1, 1);
        for (let later = index + 1; later < made.length && !fits(start, to, classNumber, 1); later += 1) {
          const stopped = made[later]!;
          const moves = made.slice(index, later).some((each) => each.moved === stopped.moved);
          if (!stopped.paused || away.has(later) || moves) continue;
          release(start, stopped.from, stopped.moved.classNumber, 1, 1);
          away.add(later);
        }
        assert.ok(fits(start, to, classNumber, 1), `seed ${seed}, move ${index}${paused ? ', paused' : ''}`);
        holdGpus(start, to, classNumber, 1, 1);
      });
      assert.ok(fleet.freeMilliCpu.every((free) => free >= 0));
      // What was admitted, and nothing else, is what the fleet holds beyond that.
      assert.ok(start.idleGpuMilli >= fleet.idleGpuMilli);
      assert.equal(start.idleGpuMilli > fleet.idleGpuMilli, made.length > 0, `seed ${seed}`);
    }
  });
});
