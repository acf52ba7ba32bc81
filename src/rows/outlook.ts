import type { PlacementAdvice, Plan } from '../core/plan/plan.ts';
import { type Start, startIn } from '../core/plan/starts.ts';
import { describePlacement, describeRefused } from '../text/placement.ts';

/** What the last plan of a cluster says of a task that was pending then. */
export type Outlook = {
  /** Of its forecast, from which the starts count. */
  readonly atSeconds: number;
  /** As long as nobody does anything; absent where the plan has no forecast. */
  readonly starts?: Start;
  /** Once the plan is applied. */
  readonly withPlan?: Start;
  /** What the plan decides of it. */
  readonly decision: string;
  /** Why nodes cannot take it, those of one reason together. */
  readonly refused: readonly string[];
};

/** Reasons that a tooltip has room for. */
const REASONS = 3;

/** By the tasks' ids. */
export function outlookOf(plan: Plan): ReadonlyMap<string, Outlook> {
  return new Map(plan.placements.map((advice) => [advice.taskId, outlookFor(advice, plan)]));
}

function outlookFor(advice: PlacementAdvice, plan: Plan): Outlook {
  const { forecast, snapshot } = plan;
  const [starts, withPlan] = ['nothing', 'plan'].map((name) => {
    const scenario = forecast?.scenarios.find((each) => each.name === name);
    return scenario && startIn(plan, scenario, advice.taskId);
  });
  return {
    atSeconds: forecast?.atSeconds ?? snapshot.takenAtSeconds,
    ...(starts && { starts }),
    ...(withPlan && { withPlan }),
    decision: describePlacement(advice),
    refused: advice.refused.slice(0, REASONS).map(describeRefused),
  };
}
