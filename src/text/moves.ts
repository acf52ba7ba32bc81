import type { MigrationAdvice } from '../core/defrag/searchDefrag.ts';
import type { Move } from '../core/model/moves.ts';
import type { PlacementAdvice, Plan } from '../core/plan/plan.ts';
import type { ResizeAdvice } from '../core/resize/adviseResizes.ts';
import { amount, amounts, duration, percent } from './format.ts';
import { describeGoal } from './migration.ts';
import { describeRestart } from './operation.ts';
import { describeRuntime } from './prediction.ts';
import { describeCap, usedShare } from './resize.ts';

/** Why a plan makes each of its moves, in one line beside the move. */

/** The advice behind the moves, by the task that they touch. */
export type AdviceByTask = {
  readonly placements: ReadonlyMap<string, PlacementAdvice>;
  readonly resizes: ReadonlyMap<string, readonly ResizeAdvice[]>;
  readonly migrations: ReadonlyMap<string, MigrationAdvice>;
};

export function adviceByTask({ placements, resizes, migrations }: Plan): AdviceByTask {
  const moved = migrations.filter(({ decision }) => decision.kind === 'migrate');
  return {
    placements: new Map(placements.map((advice) => [advice.taskId, advice])),
    resizes: Map.groupBy(resizes, ({ taskId }) => taskId),
    migrations: new Map(moved.flatMap((advice) => advice.taskIds.map((id) => [id, advice] as const))),
  };
}

/** "asks for 4 CPU, 16 GiB; runs 48 min", "uses 13 % of 8 CPU (peak 20 %)", "to start train-1 on gpu-3; loses no work". */
export function describeWhy(move: Move, advice: AdviceByTask): string {
  const { id } = move.task;
  switch (move.kind) {
    case 'placement': {
      const runtime = advice.placements.get(id)?.runtime;
      const asks = `asks for ${amounts(move.request)}`;
      return runtime ? `${asks}; runs ${describeRuntime(runtime)}` : asks;
    }
    case 'resize':
      return (advice.resizes.get(id) ?? [])
        .filter(({ decision }) => decision.kind === 'shrink' || decision.kind === 'expand')
        .map(describeUse)
        .join('; ');
    case 'migration': {
      const { run } = move;
      const goal = advice.migrations.get(id)?.goal;
      const left = `${duration(run.remainingSeconds)} to go`;
      return [...(goal ? [`to ${describeGoal(goal)}`] : []), describeRestart(run), left].join('; ');
    }
  }
}

function describeUse(advice: ResizeAdvice): string {
  const { resource, request, usage } = advice;
  const [mean, peak] = [percent(usedShare(advice)), percent(usage.peak / request)];
  const use = `uses ${mean} of ${amount(resource, request)} (peak ${peak})`;
  const cap = describeCap(advice);
  return cap === undefined ? use : `${use}; ${cap}`;
}
