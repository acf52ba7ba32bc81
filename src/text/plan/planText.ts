import type { Plan } from '../../core/plan/plan.ts';
import { previewPlan } from '../../core/plan/previewPlan.ts';
import { describeMoves, describeWhatIsEnded } from '../operation.ts';
import { describeChosen } from '../prediction.ts';
import { describeProblem } from '../problem.ts';
import { wrapped } from '../table.ts';
import { describeVerdict } from '../verdict.ts';
import { forecastText } from './forecast.ts';
import { describeMadeFrom } from './madeFrom.ts';
import { moveText } from './migrations.ts';
import { placeText } from './placements.ts';
import { resizeText } from './resizes.ts';
import type { PlanTextOptions } from './section.ts';

/** A plan as people read it, at 120 columns: the verdict, pending tasks, resizes, migrations, the forecast. */
export function planText(plan: Plan, options: PlanTextOptions): string {
  const parts = [heading(plan, options), placeText(plan, options), resizeText(plan, options), moveText(plan, options)];
  if (plan.forecast) parts.push(forecastText(plan, plan.forecast, options));
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** What an apply would do and lose, and the command for it; nothing where there is nothing to do. */
export function nextSteps(plan: Plan, planFile: string | undefined, { paint }: PlanTextOptions): string {
  if (plan.moves.length === 0) return '';
  const preview = previewPlan(plan);
  const lines = [`${describeMoves(preview)}.`, ...describeWhatIsEnded(preview)].flatMap((line) => wrapped(line, ''));
  const file = planFile ?? 'plan.json';
  const first = planFile === undefined ? `add --out ${file}, then: ` : '';
  return `\n${lines.join('\n')}\n${paint('bold', 'Next:')} ${first}stowage apply ${file}\n`;
}

function heading(plan: Plan, { paint }: PlanTextOptions): string[] {
  const { snapshot, predictor } = plan;
  const [cluster, runtimes] = describeMadeFrom(plan);
  const chosen = describeChosen(predictor);
  const by = chosen === '' ? '' : ` (${chosen})`;
  return [
    `${paint('bold', snapshot.cluster)}  ${cluster}`,
    ...wrapped(`${runtimes}${by}`, '').map((line) => paint('dim', line)),
    ...snapshot.problems.slice(0, 5).map((problem) => paint('yellow', `! ${describeProblem(problem)}`)),
    '',
    ...wrapped(describeVerdict(plan), '').map((line) => paint('bold', line)),
  ];
}
