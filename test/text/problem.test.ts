import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Problem, SourceName } from '../../src/core/model/problem.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { clusterView } from '../../src/rows/clusterView.ts';
import { describeProblem, SOURCE_TITLES } from '../../src/text/problem.ts';
import { amounts, aNode, aSnapshot, aTask } from '../core/small.ts';
import { type OneOfEach, saysAll } from './everyCode.ts';

const WHY = { code: 'said', message: 'connect ECONNREFUSED 10.0.0.3:9090' } as const;

const PROBLEMS: OneOfEach<Problem> = {
  unreadable: { code: 'unreadable', source: 'pods', role: 'stowage-reader', message: 'pods is forbidden' },
  rightsUnknown: { code: 'rightsUnknown', message: 'the server could not find the resource' },
  noMetrics: { code: 'noMetrics' },
  metricsFailed: { code: 'metricsFailed', status: 503, message: 'service unavailable' },
  prometheusFailed: { code: 'prometheusFailed', why: WHY },
  nodeWithoutAmounts: { code: 'nodeWithoutAmounts', node: 'gpu-1' },
  nodeAmount: { code: 'nodeAmount', node: 'gpu-1', resource: 'memory', quantity: 'lots' },
  nodeEnd: { code: 'nodeEnd', node: 'gpu-1', annotation: 'stowage.dev/available-until', value: 'soon' },
  heldBack: { code: 'heldBack', gates: ['example.org/quota', 'example.org/license'] },
  taskAmount: { code: 'taskAmount', container: 'main', resource: 'cpu', quantity: '-1' },
  originalRequest: { code: 'originalRequest', annotation: 'stowage.dev/original-request' },
  deadPin: { code: 'deadPin', owner: 'team/train', node: 'gpu-1', why: 'cordoned', tasks: 2 },
  recordUnreadable: { code: 'recordUnreadable', owner: 'team/train', annotation: 'stowage.dev/move' },
  runWithoutEnd: { code: 'runWithoutEnd', task: 'team/train-1' },
  prometheusRuns: { code: 'prometheusRuns', daysAgo: 3, why: WHY },
};

describe('the sentence of a problem', () => {
  for (const [code, problem] of Object.entries(PROBLEMS)) {
    it(`${code}: names all that it knows, and ends in one full stop`, () => {
      const text = describeProblem(problem);
      saysAll(text, problem);
      assert.match(text, /[^.]\.$/);
    });
  }

  it('of a source names it in the plural, and the role that lets it be read', () => {
    for (const source of Object.keys(SOURCE_TITLES) as SourceName[]) {
      const role = 'stowage-nodes';
      assert.equal(
        describeProblem({ code: 'unreadable', source, role, message: 'forbidden.' }),
        `The ${SOURCE_TITLES[source]} cannot be read: forbidden. Ask an administrator for the role stowage-nodes (media/rbac).`,
      );
    }
  });

  it('counts gates and days', () => {
    assert.match(describeProblem({ code: 'heldBack', gates: ['a'] }), /held back by a; it starts only when that is/);
    const untold = (daysAgo: number) => describeProblem({ code: 'prometheusRuns', daysAgo, why: WHY });
    assert.match(untold(0), /could not tell which tasks have finished: connect/);
    assert.match(untold(1), /finished more than 1 day ago: connect/);
  });

  it('that version 0.1.0 wrote into a plan or a task is shown as it was written', () => {
    const old = 'The nodes cannot be read: nodes is forbidden.';
    assert.equal(describeProblem(old), old);
    const task = { ...aTask('a', 'n', amounts(1, 1)), problems: [old] };
    const snapshot = aSnapshot([aNode('n', amounts(8, 8))], [task], { problems: [PROBLEMS.noMetrics] });
    const view = clusterView(snapshot, {}, DEFAULT_SETTINGS, 'baselines');
    assert.deepEqual([view.problems, view.tasks[0]?.problems], [[describeProblem(PROBLEMS.noMetrics)], [old]]);
  });
});
