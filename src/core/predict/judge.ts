import { type BandMetrics, bandMetrics, type PointMetrics, pointMetrics } from './metrics.ts';
import { type Claims, PREDICTORS, type PredictorName } from './record.ts';

/** How every predictor did on tasks that it had predicted before they ended. */
export type Judgement = {
  readonly outcomes: number;
  /** Points and 80 % bands; the network's MAE is of its median, its AVGpred of its best-ratio point. */
  readonly metrics: { readonly [name in PredictorName]?: PointMetrics & BandMetrics };
};

/** Outcomes that are judged at most; the latest ones. */
const MOST = 40_000;

/** Collects claims with their outcomes, and judges them at the end. */
export type Judge = { hear(runtime: number, claims: Claims): void; judgement(): Judgement };

export function openJudge(): Judge {
  const runtimes: number[] = [];
  const heard: Claims[] = [];
  return {
    hear(runtime, claims) {
      runtimes.push(runtime);
      heard.push(claims);
      if (heard.length < 2 * MOST) return;
      runtimes.splice(0, MOST);
      heard.splice(0, MOST);
    },
    judgement() {
      const latest = runtimes.slice(-MOST);
      const claims = heard.slice(-MOST);
      const metrics = Object.fromEntries(PREDICTORS.flatMap((name) => named(name, latest, claims)));
      return { outcomes: latest.length, metrics };
    },
  };
}

function named(name: PredictorName, runtimes: readonly number[], heard: readonly Claims[]) {
  if (runtimes.length === 0 || heard.some((claims) => !claims[name])) return [];
  const column = (part: 'point' | 'p10' | 'p50' | 'p90') => Float64Array.from(heard, (claims) => claims[name]![part]);
  const [p10, p50, p90] = [column('p10'), column('p50'), column('p90')];
  const point = pointMetrics(runtimes, p50, column('point'));
  const band = bandMetrics(runtimes, p10, p50, p90);
  return point && band ? [[name, { ...point, ...band }] as const] : [];
}
