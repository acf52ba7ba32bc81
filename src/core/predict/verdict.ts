import type { Predictor, PredictorCard } from './predictor.ts';
import { PREDICTORS, type PredictorName, type Scores } from './record.ts';

/** What the outcomes so far allow to be said of a predictor's network. */
export type Verdict =
  | { readonly code: 'noNetwork' }
  /** Too few outcomes to tell the network from a baseline: it is not put to use. */
  | { readonly code: 'tooFew'; readonly outcomes: number }
  | { readonly code: 'ahead' }
  | { readonly code: 'notAhead'; readonly of: readonly PredictorName[] };

/**
 * The least outcomes by which a network is judged. From here on two standard errors of a mean ratio, at most 2 · 0.5/√n,
 * are no more than the 0.1 by which a better predictor must lead (docs/algorithms.md#enough-outcomes).
 */
export const LEAST_OUTCOMES = 100;

/**
 * @param scores of everyone, of predictions made before the outcome
 */
export function verdictOf({ weights }: Pick<PredictorCard, 'weights'>, scores: Scores): Verdict {
  if (weights === 'none') return { code: 'noNetwork' };
  const { stowage } = scores;
  const outcomes = stowage?.outcomes ?? 0;
  if (!stowage || outcomes < LEAST_OUTCOMES) return { code: 'tooFew', outcomes };
  const of = PREDICTORS.filter((name) => (scores[name]?.ratio ?? 0) > stowage.ratio);
  return of.length === 0 ? { code: 'ahead' } : { code: 'notAhead', of };
}

/** Whether a predictor may be put to use: its network, where it has one, has been judged. */
export function isJudged({ card, record }: Pick<Predictor, 'card' | 'record'>): boolean {
  return verdictOf(card, record.scores[''] ?? {}).code !== 'tooFew';
}
