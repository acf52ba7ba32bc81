import { setImmediate as breathe } from 'node:timers/promises';
import { countArrivals } from '../core/forecast/arrivals.ts';
import { type Forecast, type ForecastRequest, forecast } from '../core/forecast/forecast.ts';
import { changeName, type NodeChange, withChange, withMoves, withoutGates } from '../core/forecast/scenarios.ts';
import type { Move } from '../core/model/moves.ts';
import { missingRight } from '../core/model/rights.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Task } from '../core/model/task.ts';
import { movesThatFit } from '../core/plan/checkPlan.ts';
import { draftPlan, finishPlan } from '../core/plan/makePlan.ts';
import type { ClusterTarget, Plan } from '../core/plan/plan.ts';
import { loadSolver } from '../io/highs.ts';
import { sha256 } from '../io/sha256.ts';
import { writeSince } from './since.ts';
import type { Situation } from './situation.ts';

/** Futures behind each band of a plan's forecast. */
const SAMPLES = 40;
const FORECAST_SEED = 1;

export type PlanOptions = {
  readonly signal?: AbortSignal;
  readonly onProgress?: (forecast: Forecast) => void;
  /** Nodes that go or come in scenarios of their own. */
  readonly changes?: readonly NodeChange[];
};

/**
 * Plans a situation, and forecasts it without the plan, with parts of it, with all of it, and with each change of its
 * nodes. Remembers since when its conditions hold.
 * @throws InputError for a change of a node that is not there
 */
export async function planSituation(
  situation: Situation,
  target: ClusterTarget,
  settings: Settings,
  stateDirectory: string,
  { changes = [], ...options }: PlanOptions = {},
): Promise<Plan> {
  const { snapshot, predictions, predictor, since } = situation;
  const changed = changedScenarios(snapshot, changes);
  const waitsForGpus = snapshot.tasks.some(({ phase, request }) => phase === 'pending' && request.gpuMilli > 0);
  const solve = waitsForGpus ? await loadSolver() : undefined;
  const inputs = { snapshot, predictions, predictor, settings, since, hash: sha256, ...(solve && { solve }) };
  const draft = draftPlan(inputs);
  await writeSince(stateDirectory, snapshot.cluster, draft.since);
  const scenarios = { nothing: snapshot, ...planScenarios(snapshot, draft.moves, settings), ...changed };
  return finishPlan(draft, sha256, { target, forecast: await drawForecast(situation, scenarios, settings, options) });
}

/**
 * The forecast of a situation with one change of its nodes, on the same futures as its plan's.
 * @throws InputError for a node that is not there
 */
export function forecastChange(
  situation: Situation,
  change: NodeChange,
  settings: Settings,
  options: Omit<PlanOptions, 'changes'> = {},
): Promise<Forecast> {
  return drawForecast(situation, changedScenarios(situation.snapshot, [change]), settings, options);
}

/**
 * `plan`: all moves done; a gated task that none of them places starts once it fits, since the next plan places it
 * then. `resize` and `migrate`: only those, and of the migrations only what fits without the rest; absent where the
 * plan has nothing else.
 */
function planScenarios(snapshot: Snapshot, moves: readonly Move[], settings: Settings): Record<string, Snapshot> {
  const only = (kind: Move['kind']) => moves.filter((move) => move.kind === kind);
  const part = (name: string, some: readonly Move[]) =>
    some.length > 0 && some.length < moves.length ? { [name]: withMoves(snapshot, some, settings) } : {};
  const placeable = ({ namespace }: Task) => missingRight(snapshot.rights, 'place', namespace) === undefined;
  return {
    ...part('resize', only('resize')),
    ...part('migrate', movesThatFit(only('migration'), snapshot)),
    plan: withoutGates(withMoves(snapshot, moves, settings), placeable),
  };
}

function changedScenarios(snapshot: Snapshot, changes: readonly NodeChange[]): Record<string, Snapshot> {
  return Object.fromEntries(changes.map((change) => [changeName(change), withChange(snapshot, change)]));
}

/** The last forecast, after coarser ones for `onProgress`. Lets the thread handle other events in between. */
async function drawForecast(
  { snapshot, history, predictions }: Situation,
  scenarios: ForecastRequest['scenarios'],
  settings: Settings,
  { signal, onProgress }: Omit<PlanOptions, 'changes'>,
): Promise<Forecast> {
  const arrivals = countArrivals(history, snapshot, snapshot.takenAtSeconds);
  const futures = forecast({ scenarios, predictions, arrivals, settings, seed: FORECAST_SEED, samples: SAMPLES });
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = futures.next();
    if (done) return value;
    onProgress?.(value);
    await breathe();
  }
}
