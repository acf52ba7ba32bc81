import type { Band } from '../src/core/model/band.ts';

/** One forecast value beside what then was, and beside what was when it was made. */
export type Outcome = { readonly forecast: Band; readonly actual: number; readonly atStart: number };

/** How forecasts did, over many of them. */
export type BackTest = {
  readonly outcomes: number;
  /** Share of the outcomes inside the band of 10 … 90 %; 0.8 is what it claims. */
  readonly coverage: number;
  /** Mean absolute error of the median, in the unit of the values. */
  readonly error: number;
  /** The same of "nothing ends, nothing comes": the value stays what it was. */
  readonly errorOfNothingEnds: number;
  /** Mean of p90 − p10. */
  readonly width: number;
};

/**
 * Scores forecasts against what happened.
 * @returns NaN for every figure where there are no outcomes
 */
export function backTest(outcomes: readonly Outcome[]): BackTest {
  const mean = (value: (outcome: Outcome) => number) =>
    outcomes.reduce((sum, outcome) => sum + value(outcome), 0) / outcomes.length;
  return {
    outcomes: outcomes.length,
    coverage: mean(({ forecast: { p10, p90 }, actual }) => (p10 <= actual && actual <= p90 ? 1 : 0)),
    error: mean(({ forecast: { p50 }, actual }) => Math.abs(p50 - actual)),
    errorOfNothingEnds: mean(({ atStart, actual }) => Math.abs(atStart - actual)),
    width: mean(({ forecast: { p10, p90 } }) => p90 - p10),
  };
}
