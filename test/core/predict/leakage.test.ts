import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FinishedTask } from '../../../src/core/model/finished.ts';
import { seededRandom } from '../../../src/core/model/random.ts';
import { baselineForecast } from '../../../src/core/predict/baselines.ts';
import { makeFeatureStore } from '../../../src/core/predict/features.ts';
import { startLearner } from '../../../src/core/predict/learner.ts';
import { newNetwork, TENSORS } from '../../../src/core/predict/network.ts';
import { type Past, type PastEvent, replayRuns } from '../../../src/core/predict/past.ts';
import { runsOf } from '../../../src/core/predict/runs.ts';
import { makeTrainer } from '../../../src/core/predict/training.ts';
import { loadEngine } from '../../../src/io/engine.ts';
import { recurringHistory } from './histories.ts';

const TASKS = 400;
const CUT = 300;

/** The same history, with every fact that was not yet known when row `CUT` was submitted made another one. */
function perturbed(tasks: readonly FinishedTask[]): FinishedTask[] {
  const now = tasks[CUT]!.submittedAtSeconds;
  return tasks.map((task, at) => {
    if (task.endedAtSeconds <= now) return task;
    const startedAtSeconds = task.startedAtSeconds <= now ? task.startedAtSeconds : task.startedAtSeconds + 77;
    const later = {
      ...task,
      startedAtSeconds,
      endedAtSeconds: Math.max(now, startedAtSeconds) + 1 + ((at * 7919) % 9973),
    };
    if (at <= CUT) return { ...later, outcome: 'failed' };
    return { ...later, size: 9, parameters: { creator: 'someone else' }, submittedAtSeconds: task.submittedAtSeconds };
  });
}

describe('what is not known yet', () => {
  const original = recurringHistory(TASKS);
  const changed = perturbed(original);

  it('differs between the two histories, so that this test can fail', () => {
    const now = original[CUT]!.submittedAtSeconds;
    const unknown = original.filter((task) => task.submittedAtSeconds <= now && task.endedAtSeconds > now);
    assert.ok(unknown.length >= 5, `${unknown.length} runs are under way at the cut`);
    for (const [at, task] of original.entries()) {
      if (task.endedAtSeconds > now) assert.notEqual(changed[at]!.endedAtSeconds, task.endedAtSeconds);
    }
  });

  it('touches no feature, baseline or atom of any run up to that time, bit for bit', () => {
    const described = (tasks: readonly FinishedTask[]) => {
      const runs = runsOf(tasks);
      const store = makeFeatureStore(runs);
      const lines: unknown[] = [];
      const pair = new Float64Array(26);
      replayRuns(runs, ({ kind, row }, past) => {
        if (row > CUT) return;
        if (kind === 'ended') return store.ended(row, past);
        store.submitted(row, past);
        const atoms = [...store.atomsOf(row)];
        const pairs = atoms
          .filter((atom) => atom >= 0)
          .map((atom) => {
            store.writePair(row, atom, pair, 0);
            return [...pair];
          });
        lines.push({
          atoms,
          pairs,
          context: [...store.contextOf(row)],
          base: store.baseOf(row),
          ...baselineForecast(runs, row, past),
        });
      });
      return lines;
    };
    assert.deepEqual(described(changed), described(original));
  });

  it('touches no weight, quantile or calibration before that time, bit for bit', async () => {
    const tf = await loadEngine();
    const told = (tasks: readonly FinishedTask[]) => {
      const random = seededRandom(5);
      const runs = runsOf(tasks);
      const network = newNetwork(random);
      const learner = startLearner(runs, network);
      const trainer = makeTrainer(tf, network, random);
      const lines: unknown[] = [];
      const cut = original[CUT]!.submittedAtSeconds;
      const visit = ({ kind, row }: PastEvent, past: Past) => {
        if (past.nowSeconds > cut) return;
        if (kind === 'ended') return learner.ended(row, past);
        if (kind === 'submitted') {
          if (row === 200 || row === 280) learner.train(row, past, { trainer, random, steps: 3, rate: () => 1e-3 });
          learner.submitted(row, past);
          if (row < 100) return;
        }
        const { logTable, bestRatio } = kind === 'reached' ? learner.renew(row, past) : learner.predict(row, past);
        lines.push({ kind, row, logTable: [...logTable], bestRatio, calibration: learner.calibration });
      };
      // Every run that still runs 40 s after its start is predicted again then; none of them ends before the cut if it did not.
      const rows = Int32Array.from({ length: TASKS }, (_, row) => row);
      const seconds = Float64Array.from(rows, (row) => {
        const at = runs.start[row]! + 40;
        return at <= cut && at < runs.end[row]! ? at : Number.POSITIVE_INFINITY;
      });
      replayRuns(runs, visit, { rows, seconds });
      return { lines, weights: TENSORS.map((name) => [...network[name]]) };
    };
    const before = told(original);
    const kinds = new Set(before.lines.map((line) => (line as { kind: string }).kind));
    assert.deepEqual([...kinds].sort(), ['reached', 'submitted']);
    assert.deepEqual(told(changed), before);
  });
});
