import type { Hash } from '../model/hash.ts';
import { InputError } from '../model/input.ts';
import { isRecord } from '../model/isRecord.ts';
import { isClusterTarget, isMove } from '../model/moveShape.ts';
import { isWrittenProblem } from '../model/problem.ts';
import { DEFAULT_SETTINGS } from '../model/settings.ts';
import { hasFields, isDeeperThan, isListOf, isMapOf, isName, isNumber, type Shape } from '../model/shape.ts';
import { withCurrentWait } from '../model/waits.ts';
import type { ResizeAdvice } from '../resize/adviseResizes.ts';
import { digest } from './digest.ts';
import { PLAN_FORMAT, type Plan, planRules } from './plan.ts';

/**
 * A plan from what JSON gave back.
 * @throws InputError when it is not a plan, is of another version, is cut short, or was changed after it was made
 */
export function parsePlan(value: unknown, hash: Hash): Plan {
  if (!isRecord(value)) throw new InputError(`This is not a plan. ${MAKE_ONE}`);
  if (value['format'] !== PLAN_FORMAT) {
    const found =
      typeof value['format'] === 'string' ? `has the format "${value['format'].slice(0, 60)}"` : 'has no format';
    throw new InputError(
      `This is not a plan of this version of Stowage: it ${found}, not "${PLAN_FORMAT}". ${MAKE_ONE}`,
    );
  }
  if (isDeeperThan(DEEPEST, value)) throw new InputError(`The plan is damaged: it is nested too deeply. ${MAKE_ONE}`);
  const missing = SHAPE.filter(([key, fits]) => !fits(value[key])).map(([key]) => key);
  if (missing.length > 0)
    throw new InputError(`The plan is damaged: ${missing.join(', ')} missing or broken. ${MAKE_ONE}`);
  const { id, ...content } = value;
  if (digest(content, hash) !== id) throw new InputError(`The plan was changed after it was made. ${MAKE_ONE}`);
  const wrong = (value['moves'] as readonly unknown[]).findIndex((move) => !isMove(move));
  if (wrong >= 0) throw new InputError(`Move ${wrong + 1} of the plan is broken. ${MAKE_ONE}`);
  const plan = value as Plan;
  return {
    ...plan,
    rules: { ...planRules(DEFAULT_SETTINGS), ...plan.rules },
    resizes: plan.resizes.map(withCurrentWaits),
  };
}

/** Plans of version 0.1.0 call the waits by other names. */
function withCurrentWaits(advice: ResizeAdvice): ResizeAdvice {
  const { decision } = advice;
  if (decision.kind === 'wait') return { ...advice, decision: withCurrentWait(decision) };
  return decision.kind === 'refused'
    ? { ...advice, decision: { ...decision, reason: withCurrentWait(decision.reason) } }
    : advice;
}

const MAKE_ONE = 'Make a new one with "stowage plan --out plan.json".';

const isPlannedSnapshot = hasFields({
  cluster: isName,
  takenAtSeconds: isNumber,
  problems: isListOf(isWrittenProblem),
});

/** What a question says of the goal of its moves. */
const isGoal = hasFields({ kind: isName }, { taskId: isName, node: isName });

const SHAPE: readonly (readonly [string, Shape])[] = [
  ['id', isName],
  ['target', (value) => value === undefined || isClusterTarget(value)],
  ['snapshot', isPlannedSnapshot],
  ['rules', (value) => value === undefined || isRecord(value)],
  ['predictor', isRecord],
  ['placements', isListOf(hasFields({ taskId: isName, decision: isDecision }))],
  ['resizes', isListOf(hasFields({ decision: isDecision }))],
  ['migrations', isListOf(hasFields({ taskIds: isListOf(isName), goal: isGoal, decision: isDecision }))],
  ['moves', Array.isArray],
  ['since', isMapOf(isNumber)],
];

/** What of a decision is read: what it is, and to give its waits their names of now. */
function isDecision(value: unknown): boolean {
  return isRecord(value) && isName(value['kind']) && (value['kind'] !== 'refused' || isRecord(value['reason']));
}

/** Far more than a plan is. */
const DEEPEST = 100;
