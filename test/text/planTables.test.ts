import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { Plan } from '../../src/core/plan/plan.ts';
import { describeMove } from '../../src/text/operation.ts';
import { describePlacement } from '../../src/text/placement.ts';
import { planTables } from '../../src/text/plan/tables.ts';
import { describeResize } from '../../src/text/resize.ts';
import { emptyPlan, samplePlan } from '../webview/plans.ts';

describe('a plan as tables', () => {
  let plan: Plan;
  before(async () => {
    plan = await samplePlan();
  });

  it('has each move in its order, each pending task and each advice, in the words of the other doors', () => {
    const { moves, placements, resizes, migrations } = planTables(plan);
    assert.deepEqual(
      moves.map(({ move }) => move),
      plan.moves.map(describeMove),
    );
    assert.deepEqual(
      placements.map(({ task, decision }) => [task, decision]),
      plan.placements.map((advice) => [advice.taskId, describePlacement(advice)]),
    );
    assert.deepEqual(
      resizes.map(({ decision }) => decision).toSorted(),
      plan.resizes.map((advice) => describeResize(advice, plan.snapshot.takenAtSeconds)).toSorted(),
    );
    assert.equal(migrations.length, plan.migrations.length);
  });

  it('has refused resizes last, in whatever order the plan has them', () => {
    const last = { ...plan, resizes: plan.resizes.toReversed() };
    const refused = plan.resizes.filter(({ decision }) => decision.kind === 'refused');
    assert.ok(refused.length > 0 && refused.length < plan.resizes.length);
    const { resizes } = planTables(last);
    assert.deepEqual(
      new Set(resizes.slice(-refused.length).map(({ task }) => task)),
      new Set(refused.map(({ taskId }) => taskId)),
    );
  });

  it('has a row for each pending task’s start, with a column for each scenario', () => {
    const { starts } = planTables(plan);
    assert.equal(starts.length, plan.placements.length);
    for (const row of starts) assert.ok('do nothing' in row && 'with this plan' in row, JSON.stringify(row));
  });

  it('has numbers in their units: minutes of lost work, node-hours to a hundredth', () => {
    const [first] = plan.migrations;
    assert.ok(first);
    // 5,000 s are 1.3889 h; 290 s are 4.83 min.
    const one = { ...first, gainNodeSeconds: 5000, costNodeSeconds: 36, lostSeconds: 290 };
    const [row] = planTables({ ...plan, migrations: [one] }).migrations;
    assert.deepEqual(
      [row?.['saves, node-hours'], row?.['costs, node-hours'], row?.['work lost, min']],
      [1.39, 0.01, 5],
    );
  });

  it('is empty for a plan with nothing to do and nothing to say', () => {
    assert.deepEqual(planTables(emptyPlan(plan)), {
      moves: [],
      placements: [],
      resizes: [],
      migrations: [],
      starts: [],
    });
  });
});
