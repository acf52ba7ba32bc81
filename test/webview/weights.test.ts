import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RankedNode } from '../../src/core/place/rankNodes.ts';
import type { PlacementAdvice, Plan } from '../../src/core/plan/plan.ts';
import type { Weighed } from '../../src/planner/protocol.ts';
import { planWeights, shownRanking, shownTask, weighSomething, withWeight } from '../../webview/weights.ts';

const ranked = (node: string, weights: Readonly<Record<string, number>>) =>
  ({
    node,
    score: 1,
    parts: Object.entries(weights).map(([policy, weight]) => ({ policy, weight, score: 1 })),
  }) as unknown as RankedNode;
const advice = (taskId: string, nodes: readonly RankedNode[]) =>
  ({ taskId, ranked: nodes }) as unknown as PlacementAdvice;
const nowhere = advice('nowhere', []);
const small = advice('small', [ranked('a', { timeFit: 1, fgd: 0.5 })]);
const plan = { placements: [nowhere, small] } as unknown as Plan;

describe('weights of the score grid', () => {
  it('begin with those the plan ranks by, and with none where nothing could be ranked', () => {
    assert.deepEqual(planWeights(plan), { timeFit: 1, fgd: 0.5 });
    assert.deepEqual(planWeights({ placements: [nowhere] }), {});
  });

  it('keep a slider that stands at 0, and are worth asking for while one is above it', () => {
    const less = withWeight({ timeFit: 1, fgd: 0.5 }, 'fgd', 0);
    assert.deepEqual(less, { timeFit: 1, fgd: 0 });
    assert.ok(weighSomething(less));
    assert.ok(!weighSomething(withWeight(less, 'timeFit', 0)));
    assert.ok(!weighSomething({}));
  });

  it('show the ranking that was tried for this task, and the plan’s own for every other', () => {
    const tried = { taskId: 'small', ranked: [ranked('b', { bestFit: 1 })] } as unknown as Weighed;
    assert.equal(shownRanking(small, tried)[0]?.node, 'b');
    assert.equal(shownRanking(small, { ...tried, taskId: 'nowhere' })[0]?.node, 'a');
    assert.equal(shownRanking(small, undefined)[0]?.node, 'a');
  });

  it('are for the chosen task, else for the first that has nodes, else for the first', () => {
    assert.equal(shownTask(plan, 'nowhere')?.taskId, 'nowhere');
    assert.equal(shownTask(plan, 'gone')?.taskId, 'small');
    assert.equal(shownTask({ placements: [nowhere] } as unknown as Plan, undefined)?.taskId, 'nowhere');
    assert.equal(shownTask({ placements: [] } as unknown as Plan, undefined), undefined);
  });
});
