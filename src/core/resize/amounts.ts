import type { Settings } from '../model/settings.ts';

/** One resource of one running task: rates (milli-CPU, bytes, milli-GPU) and fractions of the original request. */
export type Consumption = {
  /** What it asked for at first: the 100 %. */
  readonly request: number;
  readonly allocation: number;
  /** What it really uses. */
  readonly usage: number;
};

/**
 * S307's two thresholds on usage ÷ request. Below r1 shrink, above r2 expand, between them keep.
 * An allocation under the request caps the usage at itself, so the 100 % of an expand is the smaller of the two:
 * otherwise a task that was shrunk too far could never say so.
 */
export function direction(consumption: Consumption, settings: Settings): 'shrink' | 'expand' | 'keep' {
  const { request, allocation, usage } = consumption;
  if (usage > settings.expandAboveFraction * Math.min(request, allocation)) return 'expand';
  return usage < settings.shrinkBelowFraction * request ? 'shrink' : 'keep';
}

/**
 * S307: how much to take. `fixed` takes allocation × (1 − r1); `usage` takes request × (1 − usage rate).
 * @param margin raises the usage rate of the `usage` strategy: 0 is the printed rule, whose remainder equals the usage,
 *   so that S308 with its margin would refuse every such shrink
 * @returns at least 0, not rounded
 */
export function shrinkAmount(consumption: Consumption, settings: Settings, margin: number): number {
  const { request, allocation, usage } = consumption;
  if (settings.shrinkStrategy === 'fixed') return allocation * (1 - settings.shrinkBelowFraction);
  return Math.max(0, Math.min(allocation, request - usage * (1 + margin)));
}

/**
 * S307: how much to give: request × e, where e is `expandFraction` at r2 and grows with the usage to
 * `expandMaxFraction` at 100 % and beyond; never outside `expandMinFraction` … `expandMaxFraction`.
 */
export function expandAmount(consumption: Consumption, settings: Settings): number {
  const { request, allocation, usage } = consumption;
  const { expandAboveFraction: r2, expandFraction, expandMinFraction, expandMaxFraction } = settings;
  const rate = usage / Math.min(request, allocation);
  const nearness = r2 < 1 ? Math.min(1, Math.max(0, (rate - r2) / (1 - r2))) : 1;
  const fraction = expandFraction + (expandMaxFraction - expandFraction) * nearness;
  return request * Math.min(expandMaxFraction, Math.max(expandMinFraction, fraction));
}
