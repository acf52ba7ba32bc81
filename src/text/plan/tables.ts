import type { PlacementAdvice, Plan } from '../../core/plan/plan.ts';
import { startingTasks } from '../../core/plan/starts.ts';
import { describeStart, scenarioTitle } from '../forecast.ts';
import { amount, amounts } from '../format.ts';
import { describeGoal, describeMigration } from '../migration.ts';
import { adviceByTask, describeWhy } from '../moves.ts';
import { describeMove } from '../operation.ts';
import { type Pending, pendingOf } from '../pending.ts';
import { describePlacement } from '../placement.ts';
import { describeRuntime } from '../prediction.ts';
import { describeHeld, describeRemaining, describeResize, describeRule, groupResizes, usedShare } from '../resize.ts';

/** A flat row of a table, its columns by their heads. What is a number has its unit in the head. */
export type PlanRow = Readonly<Record<string, string | number>>;

/** The parts of a plan. Each is empty where the plan has nothing of it. */
export type PlanTables = {
  /** What apply does, in its order. */
  readonly moves: readonly PlanRow[];
  /** One row a pending task, the most urgent first. */
  readonly placements: readonly PlanRow[];
  /** One row a resource of a running task: what is done first, then waits and advice, then what is refused. */
  readonly resizes: readonly PlanRow[];
  readonly migrations: readonly PlanRow[];
  /** When each pending task starts, a column for each scenario of the forecast. */
  readonly starts: readonly PlanRow[];
};

/** A plan as tables, in the words of every other door. */
export function planTables(plan: Plan): PlanTables {
  const nowSeconds = plan.snapshot.takenAtSeconds;
  const advice = adviceByTask(plan);
  const pending = pendingOf(plan);
  const { shrinks, expands, waits, advised, refused } = groupResizes(plan.resizes);
  return {
    moves: plan.moves.map((move) => ({
      move: describeMove(move),
      why: describeWhy(move, advice),
      'work lost, min': move.kind === 'migration' ? minutes(move.run.lostSeconds) : 0,
    })),
    placements: plan.placements.map((each) => placementRow(each, pending(each))),
    resizes: [...shrinks, ...expands, ...waits, ...advised, ...refused].map((each) => ({
      task: each.taskId,
      holds: describeHeld(each),
      uses: amount(each.resource, each.usage.mean),
      peak: amount(each.resource, each.usage.peak),
      'used of the request, %': Math.round(100 * usedShare(each)),
      remaining: describeRemaining(each),
      "the method's rule": describeRule(each.printed, each.resource),
      decision: describeResize(each, nowSeconds),
    })),
    migrations: plan.migrations.map((each) => ({
      task: each.taskIds.join(', ') || '—',
      from: each.from ?? '—',
      to: each.to ?? '—',
      'in order to': describeGoal(each.goal),
      'saves, node-hours': hours(each.gainNodeSeconds),
      'costs, node-hours': hours(each.costNodeSeconds),
      'work lost, min': minutes(each.lostSeconds),
      decision: describeMigration(each, nowSeconds),
    })),
    starts: startRows(plan),
  };
}

function placementRow({ taskId, request, runtime, fitting, ...advice }: PlacementAdvice, told: Pending): PlanRow {
  return {
    task: taskId,
    'asks for': amounts(request),
    waits: told.waits,
    'why it waits': told.why,
    'what helps': told.help,
    'predicted runtime': describeRuntime(runtime),
    decision: describePlacement(advice),
    'nodes that can take it': fitting,
  };
}

function startRows(plan: Plan): PlanRow[] {
  const { scenarios = [] } = plan.forecast ?? {};
  const tasks = startingTasks(scenarios);
  return tasks.map((task) => ({
    task,
    ...Object.fromEntries(
      scenarios.map((scenario) => [scenarioTitle(scenario.name), describeStart(plan, scenario, task)]),
    ),
  }));
}

function minutes(seconds: number): number {
  return Math.round(seconds / 60);
}

/** To a hundredth: a move may win minutes of a node. */
function hours(seconds: number): number {
  return Math.round(seconds / 36) / 100;
}
