import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DEFAULT_SETTINGS, type Settings } from '../../src/core/model/settings.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { draftPlan, finishPlan } from '../../src/core/plan/makePlan.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { nextSteps, planText } from '../../src/text/plan/planText.ts';
import type { Paint } from '../../src/text/plan/section.ts';
import { amounts, aNode, aSnapshot, aTask, certain, HOUR, measured, NOW, used } from '../core/small.ts';

const paint: Paint = (_style, text) => text;

function planOf(snapshot: Snapshot, settings: Settings): Plan {
  const predictions = certain(Object.fromEntries(snapshot.tasks.map(({ id }) => [id, 24 * HOUR])));
  const predictor = { name: 'certain', tasks: 3 };
  return finishPlan(draftPlan({ snapshot, predictions, predictor, settings, since: {}, hash: sha256 }), sha256);
}

function text(snapshot: Snapshot, more: Partial<Settings> = {}, all = false): string {
  const settings = { ...DEFAULT_SETTINGS, ...more };
  const plan = planOf(snapshot, settings);
  const options = { paint, all };
  return planText(plan, options) + nextSteps(plan, undefined, options);
}

describe('a plan in words', () => {
  it('of an empty cluster says that there is nothing to do', () => {
    const said = text(aSnapshot([], []));
    assert.match(said, /PLACE {2}no task is pending/);
    assert.match(said, /RESIZE {2}nothing to resize\n {2}Nothing is resized: no task runs\./);
    assert.match(said, /MIGRATE {2}nothing to move\n {2}Nothing is moved: no pending task would fit/);
    assert.match(said, /^Nothing can be planned: no node is seen\./m);
  });

  it('names first what could not be read; what version 0.1.0 wrote of it stands as it was written', () => {
    const made = planOf(aSnapshot([], [], { problems: [{ code: 'noMetrics' }] }), DEFAULT_SETTINGS);
    const said = (plan: Plan) => planText(plan, { paint, all: false });
    assert.match(said(made), /^! This cluster has no metrics\.k8s\.io, .* Install metrics-server\.$/m);
    const problems = ['Node odd offers "lots" of cpu, which is no amount; it counts as 0.'];
    assert.ok(said({ ...made, snapshot: { ...made.snapshot, problems } }).includes(`\n! ${problems[0]}\n`));
  });

  it('says of a pending task where it goes and why, or why it goes nowhere', () => {
    const nodes = [aNode('n1', amounts(8, 32)), aNode('n2', amounts(2, 32))];
    const said = text(
      aSnapshot(nodes, [aTask('fits', undefined, amounts(4, 1)), aTask('big', undefined, amounts(99, 1))]),
    );
    assert.match(said, /default\/fits {2}4 CPU, 1 GiB, waits 2 h/);
    assert.match(said, / {4}this plan places it on n1\n/);
    assert.match(said, /1 node: n2 has 2 CPU free; the task needs 4 CPU/);
    assert.match(
      said,
      /no node can take it now\n {4}what helps: a smaller request, or one more node\n {6}2 nodes: n1 has/,
    );
  });

  it("shows the method's rule beside ours, and what a wait waits for", () => {
    const tasks = [aTask('idle', 'n1', amounts(4, 8)), aTask('busy', 'n1', amounts(4, 8))];
    const usage = { 'default/idle': used(amounts(1.8, 5)), 'default/busy': used(amounts(4, 5)) };
    const said = text(aSnapshot([aNode('n1', amounts(8.5, 32))], tasks, { usage }));
    assert.match(said, /idle CPU: a shrink by 2 CPU would leave less than it uses with the margin; look again at/);
    assert.match(said, /busy CPU: its node has 0\.5 CPU free of the 1\.2 CPU wanted/);
    const roomy = text(aSnapshot([aNode('n1', amounts(16, 32))], tasks, { usage }));
    assert.match(roomy, /default\/busy +n1 +4 → 5\.2 CPU +100 % \(100 %\) +expand by 1\.2 CPU +4\.6 → 5\.2 CPU +23 h/);
  });

  it('names what moves, what that wins and loses, and what to do next', () => {
    const checkpoint = { location: 's3://saved', savedAtSeconds: NOW - 600 };
    const nodes = [aNode('n1', amounts(16, 64)), aNode('n2', amounts(16, 64))];
    const tasks = [
      aTask('a', 'n1', amounts(11, 1)),
      aTask('b', 'n2', amounts(7, 1)),
      aTask('big', undefined, amounts(8, 1)),
      aTask('small', 'n2', amounts(4, 1), { checkpoint }),
    ];
    const said = text(measured(aSnapshot(nodes, tasks)));
    assert.match(said, /To start big on n2 22 h 59 min earlier: saves 11 node-hours, costs 3 node-minutes/);
    assert.match(said, /default\/small +n2 → n1 +loses 10 min of work +23 h to go/);
    assert.match(said, /this plan makes room, and places it on n2/);
    assert.match(said, /1 placement and 1 migration\.\n1 running task will be ended/);
    assert.match(said, /Next: add --out plan\.json, then: stowage apply plan\.json/);
    const blocked = text(measured(aSnapshot(nodes, tasks)), { candidateFreeFraction: 0.5 });
    assert.match(blocked, /Why nothing moves to start big\n {4}none of the 2 nodes that could take it keeps 50 % free/);
  });
});
