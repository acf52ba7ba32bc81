import type { Forecast, ScenarioForecast } from '../../../src/core/forecast/forecast.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import { draftPlan, finishPlan } from '../../../src/core/plan/makePlan.ts';
import type { Plan } from '../../../src/core/plan/plan.ts';
import { sha256 } from '../../../src/io/sha256.ts';
import { amounts, aNode, aSnapshot, aTask, certain, HOUR, measured, NOW, used } from '../small.ts';

export const checkpoint = { location: 's3://saved', savedAtSeconds: NOW - 600 };

/** The plan of a snapshot whose tasks run a day each, or as long as `runtimes` says. */
export function plan(snapshot: Snapshot, runtimes: Record<string, number> = {}, since = {}): Plan {
  const all = Object.fromEntries(snapshot.tasks.map(({ id }) => [id, 24 * HOUR]));
  const predictor = { name: 'certain', tasks: 0 };
  const predictions = certain({ ...all, ...runtimes });
  return finishPlan(
    draftPlan({ snapshot, predictions, predictor, settings: DEFAULT_SETTINGS, since, hash: sha256 }),
    sha256,
  );
}

/**
 * A cluster on which every part of a plan has something to do. n1 has 18 cores, n2 16, n3 4.
 * `idle` on n1 uses 1 of 4 cores and gives 2; `busy` on n1 uses all of its 5 and takes 30 % more;
 * `fits` waits for 3 cores; `big` waits for 8, and comes in on n2 once `small` (4 cores) has left it.
 */
export function everything(): Snapshot {
  const snapshot = aSnapshot(
    [aNode('n1', amounts(18, 64)), aNode('n2', amounts(16, 64)), aNode('n3', amounts(4, 16))],
    [
      aTask('big', undefined, amounts(8, 1)),
      aTask('busy', 'n1', amounts(5, 1)),
      aTask('fits', undefined, amounts(3, 1), { priority: 1 }),
      aTask('idle', 'n1', amounts(4, 1)),
      aTask('other', 'n2', amounts(7, 1)),
      aTask('small', 'n2', amounts(4, 1), { checkpoint }),
    ],
    { usage: { 'default/idle': used(amounts(1, 0.6)), 'default/busy': used(amounts(5, 0.6)) } },
  );
  return measured(snapshot);
}

const band = (value: number) => ({ p10: value, p50: value, p90: value });

/** A scenario in which so many tasks wait now, in 15 min and in a day. */
export function scenario(
  name: string,
  waiting: readonly number[],
  starts: Readonly<Record<string, number>>,
): ScenarioForecast {
  const nothing = band(0);
  const fragmentation = { gpuMilli: nothing, gpuRatio: nothing, cpuMilli: nothing, cpuRatio: nothing };
  const at = [0, 900, 24 * HOUR];
  return {
    name,
    moments: waiting.map((value, index) => {
      return { inSeconds: at[index]!, free: {}, fragmentation, waiting: band(value), fits: [] };
    }),
    starts: Object.entries(starts).map(([task, seconds]) => {
      return { task, p50: seconds, p90: seconds, startedFraction: 1, admittingNodes: 3 };
    }),
  };
}

/** A plan with a forecast of these scenarios. */
export function withForecast(made: Plan, ...scenarios: readonly ScenarioForecast[]): Plan {
  const { id: _, ...draft } = made;
  const forecast: Forecast = { atSeconds: NOW, seed: 1, samples: 1, of: 1, shapes: [], arrivalsPerHour: 0, scenarios };
  return finishPlan(draft, sha256, { forecast });
}
