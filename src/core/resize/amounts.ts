import type { Settings } from '../model/settings.ts';
import type { ContainerAmounts, Usage } from '../model/usage.ts';

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
 * S307 to the letter: how much to take. `fixed` takes allocation × (1 − r1); `usage` takes request × (1 − usage rate).
 * @returns 0…allocation, not rounded
 */
export function shrinkAmount({ request, allocation, usage }: Consumption, settings: Settings): number {
  if (settings.shrinkStrategy === 'fixed') return allocation * (1 - settings.shrinkBelowFraction);
  return Math.max(0, Math.min(allocation, request - usage));
}

/**
 * What our rule leaves of an allocation: `fixed` the same as the method's; `usage` the usage with its margin, which is
 * what request × (1 − usage rate) leaves of a request. A task that was shrunk to that stays there.
 * @returns 0…allocation, not rounded
 */
export function shrunkTo(consumption: Consumption, settings: Settings): number {
  const { allocation, usage } = consumption;
  if (settings.shrinkStrategy === 'fixed') return allocation - shrinkAmount(consumption, settings);
  return Math.min(allocation, usage * (1 + settings.marginFraction));
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

/**
 * What a shrink leaves each container at least, margin included: its mean of CPU and its peak of memory, as S308 judges
 * the task. Undefined where the containers were not told apart.
 */
export function containerNeeds(
  { containers }: Pick<Usage, 'containers'>,
  { marginFraction }: Pick<Settings, 'marginFraction'>,
): Readonly<Record<string, ContainerAmounts>> | undefined {
  if (!containers) return undefined;
  const withMargin = (used: number) => Math.ceil(used * (1 + marginFraction));
  return Object.fromEntries(
    Object.entries(containers).map(([name, { mean, peak }]) => [
      name,
      { milliCpu: withMargin(mean.milliCpu), memoryBytes: withMargin(peak.memoryBytes) },
    ]),
  );
}
