import assert from 'node:assert/strict';
import fc from 'fast-check';
import { before, describe, it } from 'mocha';
import { goalsOf, type PlanGoal } from '../../src/core/plan/goals.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { describeMove } from '../../src/text/operation.ts';
import { found, type MoveRow, moveRows, tableRows, totals } from '../../webview/moves/table.ts';
import {
  ALL_TICKED,
  isTicked,
  keepTicks,
  NONE_TICKED,
  parseTicks,
  tickedOf,
  withTicks,
} from '../../webview/moves/ticks.ts';
import { FIRST_VIEW, GROUPINGS } from '../../webview/moves/view.ts';
import { samplePlan } from './plans.ts';

describe('ticks', () => {
  it('are what a plain set of ticked moves would be, whatever is ticked in whatever order', () => {
    const ids = ['a', 'b', 'c', 'd'];
    const change = fc.record({ moved: fc.subarray(ids), on: fc.boolean() });
    fc.assert(
      fc.property(fc.boolean(), fc.array(change), (all, changes) => {
        const plain = new Set(all ? ids : []);
        let ticks = all ? ALL_TICKED : NONE_TICKED;
        for (const { moved, on } of changes) {
          for (const id of moved) on ? plain.add(id) : plain.delete(id);
          ticks = withTicks(ticks, moved, on);
        }
        assert.deepEqual(
          ids.filter((id) => isTicked(ticks, id)),
          ids.filter((id) => plain.has(id)),
        );
        const kept = parseTicks(JSON.parse(JSON.stringify(keepTicks(ticks))));
        assert.deepEqual(kept, ticks);
        assert.equal(tickedOf(ticks, ids), plain.size === 0 ? 'none' : plain.size === ids.length ? 'all' : 'some');
      }),
    );
  });
});

describe('the table of moves', () => {
  let plan: Plan;
  let goals: readonly PlanGoal[];
  let rows: readonly MoveRow[];

  before(async () => {
    plan = await samplePlan();
    goals = goalsOf(plan);
    rows = moveRows(plan, goals);
  });

  it('finds moves by their words in any order, whatever the case', () => {
    const { move, groups } = rows[0]!;
    const title = describeMove(move);
    assert.ok(found(rows, title.toUpperCase()).includes(rows[0]!));
    assert.ok(found(rows, `${groups.node} ${groups.namespace}`).includes(rows[0]!));
    assert.deepEqual(found(rows, 'no such word anywhere'), []);
    assert.equal(found(rows, '  '), rows);
  });

  for (const group of GROUPINGS) {
    it(`holds each move once, grouped by ${group}`, () => {
      const all = tableRows(rows, goals, { ...FIRST_VIEW, group, opened: [] }, undefined);
      const groups = all.filter((row) => row.kind === 'group');
      const opened = groups.map(({ key }) => key);
      const open = tableRows(rows, goals, { ...FIRST_VIEW, group, opened }, undefined);
      assert.deepEqual(
        open
          .filter(({ kind }) => kind === 'move')
          .map(({ key }) => key)
          .sort(),
        plan.moves.map(({ id }) => id).sort(),
      );
      if (group === 'none') return;
      assert.equal(groups.length, all.length, 'closed groups show no moves');
      const lost = (some: Iterable<{ lostSeconds: number }>) =>
        [...some].reduce((sum, { lostSeconds }) => sum + lostSeconds, 0);
      assert.equal(lost(groups), lost(rows));
      for (const each of groups) assert.deepEqual(totals(each.moves).frees, each.frees);
    });
  }

  it('shows goals in the plan’s own order, the one that wins most first', () => {
    const shown = tableRows(rows, goals, FIRST_VIEW, undefined);
    assert.deepEqual(
      shown.map((row) => row.kind === 'group' && row.goal?.id),
      goals.map(({ id }) => id),
    );
  });

  it('sorts groups, and moves within each, by the column asked for', () => {
    const view = {
      ...FIRST_VIEW,
      group: 'kind',
      opened: ['kind shrink'],
      sorting: { column: 'frees CPU', descending: true },
    } as const;
    const shown = tableRows(rows, goals, view, ({ frees }) => frees.milliCpu);
    const freed = (kind: 'group' | 'move') =>
      shown.filter((row) => row.kind === kind).map(({ frees }) => frees.milliCpu);
    for (const list of [freed('group'), freed('move')])
      assert.deepEqual(
        list,
        list.toSorted((left, right) => right - left),
      );
  });

  it('opens the groups of a search that leaves few', () => {
    const search = describeMove(rows[0]!.move);
    const left = found(rows, search);
    const shown = tableRows(left, goals, { ...FIRST_VIEW, search }, undefined);
    assert.ok(shown.some(({ key }) => key === rows[0]!.key));
  });
});
