import { type BandMetrics, bandMetrics, type PointMetrics, pointMetrics } from './metrics.ts';
import { PREDICTORS, type PredictorName, type Quotes } from './record.ts';

/** How every predictor did on tasks that it had predicted before they ended. */
export type Judgement = {
  readonly outcomes: number;
  /** Points and 80 % bands; the network's MAE is of its median, its AVGpred of its best-ratio point. */
  readonly metrics: { readonly [name in PredictorName]?: PointMetrics & BandMetrics };
};

/** Outcomes that are scored at most; the latest ones. */
const MOST = 40_000;

/** Collects quoted predictions with their outcomes, and scores them at the end. */
export type Scorer = { add(runtime: number, quotes: Quotes): void; judgement(): Judgement };

export function openScorer(): Scorer {
  const runtimes: number[] = [];
  const quoted: Quotes[] = [];
  return {
    add(runtime, quotes) {
      runtimes.push(runtime);
      quoted.push(quotes);
      if (quoted.length < 2 * MOST) return;
      runtimes.splice(0, MOST);
      quoted.splice(0, MOST);
    },
    judgement() {
      const latest = runtimes.slice(-MOST);
      const quotes = quoted.slice(-MOST);
      const metrics = Object.fromEntries(PREDICTORS.flatMap((name) => named(name, latest, quotes)));
      return { outcomes: latest.length, metrics };
    },
  };
}

function named(name: PredictorName, runtimes: readonly number[], quoted: readonly Quotes[]) {
  if (runtimes.length === 0 || quoted.some((quotes) => !quotes[name])) return [];
  const column = (part: 'point' | 'p10' | 'p50' | 'p90') => Float64Array.from(quoted, (quotes) => quotes[name]![part]);
  const [p10, p50, p90] = [column('p10'), column('p50'), column('p90')];
  const point = pointMetrics(runtimes, p50, column('point'));
  const band = bandMetrics(runtimes, p10, p50, p90);
  return point && band ? [[name, { ...point, ...band }] as const] : [];
}
