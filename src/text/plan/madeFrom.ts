import type { Plan } from '../../core/plan/plan.ts';
import { describeCounts } from '../counts.ts';
import { readAt } from '../format.ts';
import { describePredictor } from '../prediction.ts';

/** What a plan was made from: the cluster as it was read, and what its runtimes are predicted by. */
export function describeMadeFrom({
  snapshot: { counts, takenAtSeconds },
  predictor,
}: Plan): readonly [cluster: string, runtimes: string] {
  return [`${describeCounts(counts)}, ${readAt(takenAtSeconds)}`, `runtimes: ${describePredictor(predictor)}`];
}
