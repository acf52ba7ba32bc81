import type { PlacementAdvice, Plan } from '../core/plan/plan.ts';
import { type Start, startIn } from '../core/plan/starts.ts';
import { clockInZone } from '../text/format.ts';
import { type Pending, pendingOf } from '../text/pending.ts';

/** What the last plan of a cluster says of a task that was pending then. */
export type Outlook = {
  /** Of its forecast, from which the starts count. */
  readonly atSeconds: number;
  /** As long as nobody does anything; absent where the plan has no forecast. */
  readonly starts?: Start;
  /** Once the plan is applied. */
  readonly withPlan?: Start;
  /** Why it waits, and what would help, as clauses. */
  readonly why: string;
  readonly help: string;
};

/** By the tasks' ids. */
export function outlookOf(plan: Plan): ReadonlyMap<string, Outlook> {
  const pending = pendingOf(plan, clockInZone); // no tree has a head that names the zone
  return new Map(plan.placements.map((advice) => [advice.taskId, outlookFor(advice, plan, pending(advice))]));
}

function outlookFor({ taskId }: PlacementAdvice, plan: Plan, { why, help }: Pending): Outlook {
  const { forecast, snapshot } = plan;
  const [starts, withPlan] = ['nothing', 'plan'].map((name) => {
    const scenario = forecast?.scenarios.find((each) => each.name === name);
    return scenario && startIn(plan, scenario, taskId);
  });
  return {
    atSeconds: forecast?.atSeconds ?? snapshot.takenAtSeconds,
    ...(starts && { starts }),
    ...(withPlan && { withPlan }),
    why,
    help,
  };
}
