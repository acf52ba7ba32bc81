import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { baselineBasis, networkBasis } from '../../../src/core/predict/basis.ts';
import { runsOf } from '../../../src/core/predict/runs.ts';
import { describeBasis } from '../../../src/text/prediction.ts';
import { finished } from './histories.ts';

const parameters = { creator: 'ana', name: 'train-resnet' };
/** Ends on 3 and 4 November 2026 at 14:05 UTC; the row that is asked about is the last. */
const known = [
  finished({ parameters, endedAtSeconds: Date.UTC(2026, 10, 3, 14, 5) / 1000 }),
  finished({ parameters, submittedAtSeconds: 1, endedAtSeconds: Date.UTC(2026, 10, 4, 14, 5) / 1000 }),
  finished({ parameters: { creator: 'ben' }, submittedAtSeconds: 2 }),
];
const runs = runsOf([...known, finished({ parameters, submittedAtSeconds: 3 })]);

describe('what a prediction stands on', () => {
  it('is told as runs of whom, most of all which one', () => {
    const shares = [
      { row: 1, share: 0.41 },
      { row: 0, share: 0.3 },
    ];
    assert.equal(
      describeBasis(networkBasis(shares, known, runs, 3)),
      '2 past runs of train-resnet by ana, most the one that ended 4 Nov 14:05 UTC (41 %)',
    );
  });

  it('names several creators where there are, and no run that hardly counts', () => {
    const shares = [
      { row: 0, share: 0.5 },
      { row: 2, share: 0.2 },
      { row: 1, share: 0.01 },
    ];
    assert.equal(
      describeBasis(networkBasis(shares, known, runs, 3)),
      '2 past runs by several creators, most the one that ended 3 Nov 14:05 UTC (50 %)',
    );
  });

  it('is told where there is none, and where there are too many to name', () => {
    assert.equal(describeBasis(networkBasis([], known, runs, 3)), 'no past runs: what tasks elsewhere were like');
    assert.equal(
      describeBasis(networkBasis([{ row: 0, share: 0.001 }], known, runs, 3)),
      'many past runs, each a little',
    );
  });

  it('counts the runs a baseline looked at', () => {
    const points = { request: 1, last2: 1, med5: 1, med20: 1, hist20: 1 };
    const of = (sample: number[], grouping: number | undefined) => ({ points, sample, grouping });
    const six = [1, 1, 1, 1, 1, 1];
    assert.equal(
      describeBasis(baselineBasis('med5', of(six, 7), parameters, 6)),
      '5 latest runs of train-resnet by ana',
    );
    assert.equal(describeBasis(baselineBasis('med20', of(six, 3), parameters, 6)), '6 latest runs by ana');
    assert.equal(
      describeBasis(baselineBasis('med5', of([1], 5), parameters, 6)),
      '1 latest run of train-resnet by ana',
    );
    assert.equal(
      describeBasis(baselineBasis('med5', of([], undefined), parameters, 6)),
      'recent tasks of everyone: its creator has no past runs',
    );
    assert.equal(describeBasis(baselineBasis('med5', of([], undefined), {}, 0)), 'no past runs: a wide guess');
  });
});
