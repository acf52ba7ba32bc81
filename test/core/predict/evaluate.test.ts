import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { FinishedTask } from '../../../src/core/model/finished.ts';
import { seededRandom } from '../../../src/core/model/random.ts';
import { evaluatePredictors } from '../../../src/core/predict/evaluate.ts';
import type { Engine } from '../../../src/core/predict/training.ts';
import { loadEngine } from '../../../src/io/engine.ts';
import { finished, recurringHistory } from './histories.ts';

/** Paths of every number in a report that is none: NaN, infinite, null. */
function brokenNumbers(value: unknown, path = ''): string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`${path} = ${value}`];
  if (value === null || value === undefined) return [`${path} = ${value}`];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, each]) => brokenNumbers(each, `${path}.${key}`));
}

describe('an evaluation', () => {
  let tf: Engine;
  before(async () => {
    tf = await loadEngine();
  });
  const evaluate = (tasks: readonly FinishedTask[], learns = false) =>
    evaluatePredictors(tasks, { tf, random: seededRandom(1), learns, schedule: { steps: 5, blocks: 3 } });

  const at = (submittedAtSeconds: number, changes: Parameters<typeof finished>[0] = {}) =>
    finished({ submittedAtSeconds, startedAtSeconds: submittedAtSeconds, ...changes });

  it('scores four fifths, and every number is one', () => {
    const report = evaluate(recurringHistory(200));
    assert.deepEqual([report.jobs, report.scored, report.predictors.stowage.coverageByTenth.length], [200, 160, 10]);
    assert.deepEqual(brokenNumbers(report), []);
  });

  const odd: Readonly<Record<string, readonly FinishedTask[]>> = {
    'one row': [at(0)],
    'two rows': [at(0), at(10)],
    'a single user': Array.from({ length: 60 }, (_, i) => at(i * 50, { runtime: 10 + (i % 7) })),
    'all runtimes equal': Array.from({ length: 60 }, (_, i) => at(i * 50, { runtime: 42 })),
    'no limits at all': recurringHistory(60).map((task) => ({
      ...task,
      parameters: { creator: task.parameters.creator! },
    })),
    'nothing known of anyone': recurringHistory(60).map((task) => ({ ...task, parameters: {} })),
    'a clock that jumps back': recurringHistory(60).map((task, i) =>
      i % 5 === 0 ? { ...task, submittedAtSeconds: task.submittedAtSeconds - 1e6 } : task,
    ),
    'not a number in a feature': recurringHistory(60).map((task, i) =>
      i % 3 === 0
        ? {
            ...task,
            size: Number.NaN,
            parameters: { ...task.parameters, dataScale: Number.NaN, requestedRuntimeSeconds: Number.NaN },
          }
        : task,
    ),
    'limits that everyone overruns': recurringHistory(60).map((task) => ({
      ...task,
      parameters: { ...task.parameters, requestedRuntimeSeconds: 1 },
    })),
    'runtimes of many years': recurringHistory(60).map((task, i) =>
      i % 4 === 0 ? { ...task, endedAtSeconds: task.startedAtSeconds + 1e9 } : task,
    ),
  };
  for (const [name, tasks] of Object.entries(odd)) {
    it(`shows no NaN and does not fail on ${name}`, () => {
      const report = evaluate(tasks);
      const { coverage80: _, ...hist20 } = report.predictors.hist20;
      const bandless = { ...report, predictors: { ...report.predictors, hist20: { mae: hist20.mae } } };
      assert.deepEqual(brokenNumbers(bandless), []);
    });
  }

  it('gives the same bytes from the same seed, training included', () => {
    const tasks = recurringHistory(120);
    assert.equal(JSON.stringify(evaluate(tasks, true)), JSON.stringify(evaluate(tasks, true)));
  });

  it('without training also scores the first days, from the 201st task on', () => {
    const { early } = evaluate(recurringHistory(260));
    assert.equal(early?.tasks, 60);
    assert.deepEqual(Object.keys(early.predictors), ['request', 'last2', 'med5', 'med20', 'hist20', 'stowage']);
    assert.deepEqual(brokenNumbers(early), []);
    assert.equal(evaluate(recurringHistory(120)).early, undefined);
  });

  it('learns on the way: training changes what it says', () => {
    const tasks = recurringHistory(120);
    assert.notEqual(evaluate(tasks, true).predictors.stowage.mae, evaluate(tasks).predictors.stowage.mae);
  });

  it('refuses an empty history', () => {
    assert.throws(() => evaluate([]), RangeError);
  });
});
