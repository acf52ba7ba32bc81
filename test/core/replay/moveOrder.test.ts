import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { copyFleet, holdGpus, release } from '../../../src/core/fleet/fleet.ts';
import type { PlannedMove } from '../../../src/core/replay/moveOrder.ts';
import { orderMoves } from '../../../src/core/replay/moveOrder.ts';
import type { Placed } from '../../../src/core/replay/saturatedCluster.ts';
import { gpus } from './gpus.ts';

function cluster(count: number) {
  const { fleet, put } = gpus(count);
  const move = (task: Placed, node: number): PlannedMove => ({
    task,
    from: { node: task.node, gpu: 0 },
    to: { node, gpu: 0 },
  });
  return { fleet, put, move };
}

/** What types of steps there were, once every step was made and had room. */
function stepsMade(fleet: ReturnType<typeof cluster>['fleet'], moves: readonly PlannedMove[]): string[] {
  const steps = orderMoves(fleet, moves);
  const capacity = copyFleet(fleet);
  for (const { type, move } of steps) {
    const { task, from, to } = move;
    if (type !== 'goOn') release(capacity, from.node, task.classNumber, 1, 1);
    if (type !== 'stop') holdGpus(capacity, to.node, task.classNumber, 1, 1);
    assert.ok(capacity.freeGpuMilli.every((free) => free >= 0) && capacity.freeMilliCpu.every((free) => free >= 0));
  }
  assert.deepEqual(new Set(steps.filter(({ type }) => type !== 'stop').map(({ move }) => move)), new Set(moves));
  return steps.map(({ type }) => type);
}

describe('the order of moves', () => {
  it('puts first what makes room, so that none stops where that will do', () => {
    const { fleet, put, move } = cluster(3);
    // 300 can go to n1 once 400 has left it for the gap on n2.
    const [small, large] = [put(0, 300), put(1, 400)];
    put(0, 700);
    put(1, 600);
    put(2, 600);
    assert.deepEqual(stepsMade(fleet, [move(small, 1), move(large, 2)]), ['go', 'go']);
  });

  it('stops one task where two exchange full places, and leaves the fleet as it was', () => {
    const { fleet, put, move } = cluster(2);
    const [one, other] = [put(0, 500), put(1, 500)];
    put(0, 500);
    put(1, 500);
    assert.deepEqual(stepsMade(fleet, [move(one, 1), move(other, 0)]), ['stop', 'go', 'goOn']);
    assert.deepEqual([...fleet.freeGpuMilli], [0, 0]);
  });

  it('stops one task for several exchanges, where the step that comes next allows it', () => {
    const { fleet, put, move } = cluster(3);
    // n0: 400, 380 and 170, rest 50; 300 comes from n1 for 400, 290 from n2 for 380. Once 400 has stopped, 300 first
    // would leave 150 on n0, too little for 290; with 290 first 380 can go, and then 300 fits.
    const [first, second] = [put(0, 400), put(0, 380)];
    put(0, 170);
    const [forFirst, forSecond] = [put(1, 300), put(2, 290)];
    put(1, 560);
    put(2, 600);
    const moves = [move(forFirst, 0), move(forSecond, 0), move(first, 1), move(second, 2)];
    assert.equal(stepsMade(fleet, moves).filter((type) => type === 'stop').length, 1);
  });

  it('looks at CPU as at GPUs', () => {
    const { fleet, put, move } = cluster(2);
    const [one, other] = [put(0, 100, 9000), put(1, 100, 9000)];
    assert.deepEqual(stepsMade(fleet, [move(one, 1), move(other, 0)]), ['stop', 'go', 'goOn']);
  });

  it('is empty where nothing moves', () => {
    assert.deepEqual(orderMoves(cluster(1).fleet, []), []);
  });
});
