import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { Plan } from '../../src/core/plan/plan.ts';
import { planReport } from '../../src/notebook/planReport.ts';
import { describeVerdict } from '../../src/text/verdict.ts';
import { emptyPlan, samplePlan } from '../webview/plans.ts';

describe('a plan in a notebook', () => {
  let plan: Plan;
  before(async () => {
    plan = await samplePlan();
  });

  it('shows its moves and the forecast, and folded the start and the advice of each kind', () => {
    const { title, parts } = planReport(plan);
    assert.equal(title, 'sample seed 7');
    assert.deepEqual(
      parts.map(({ heading, folded = false }) => [heading, folded]),
      [
        ['Moves', false],
        ['Forecast', false],
        ['Earliest start of pending tasks', true],
        ['Pending tasks', true],
        ['Resizes in place', true],
        ['Migrations', true],
      ],
    );
    assert.equal(parts[0]?.table?.total, plan.moves.length);
    assert.equal(parts[0]?.table?.columns[0]?.name, 'move');
  });

  it('draws how many tasks wait, with the plan and without it, each with its band', () => {
    const figure = planReport(plan).parts[1]?.figure;
    const named = figure?.data.filter(({ showlegend }) => showlegend !== false).map(({ name }) => name);
    assert.deepEqual(named, ['do nothing', 'with this plan']);
    assert.equal(figure?.data.length, 6);
    const nothing = plan.forecast!.scenarios.find(({ name }) => name === 'nothing')!;
    assert.deepEqual(
      figure?.data[2]?.['y'],
      nothing.moments.map(({ waiting }) => waiting.p50),
    );
    const { ticktext } = figure!.layout['xaxis'] as { ticktext: string[] };
    assert.equal(ticktext[0], 'now');
    assert.equal(new Set(ticktext).size, nothing.moments.length);
  });

  it('says first what it brings', () => {
    assert.equal(planReport(plan).notes[0], describeVerdict(plan));
  });

  it('says why nothing is done, resized or moved, and leaves out what else is empty', () => {
    const { notes, parts } = planReport(emptyPlan(plan));
    assert.match(notes[0] ?? '', /^Nothing to do/);
    assert.deepEqual(
      parts.map(({ heading, note = '' }) => [heading, /^Nothing is (resized|moved)/.exec(note)?.[1]]),
      [
        ['Resizes in place', 'resized'],
        ['Migrations', 'moved'],
      ],
    );
  });
});
