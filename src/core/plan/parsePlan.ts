import type { Hash } from '../model/hash.ts';
import { InputError } from '../model/input.ts';
import { isRecord } from '../model/isRecord.ts';
import { isWrittenProblem } from '../model/problem.ts';
import { isResources } from '../model/resources.ts';
import { DEFAULT_SETTINGS } from '../model/settings.ts';
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

const SHAPE: readonly (readonly [string, (value: unknown) => boolean])[] = [
  ['id', isText],
  ['snapshot', isPlannedSnapshot],
  ['rules', (value) => value === undefined || isRecord(value)],
  ['predictor', isRecord],
  ['placements', Array.isArray],
  ['resizes', Array.isArray],
  ['migrations', Array.isArray],
  ['moves', Array.isArray],
  ['since', isRecord],
];

function isPlannedSnapshot(value: unknown): boolean {
  if (!isRecord(value) || !isText(value['cluster']) || !isNumber(value['takenAtSeconds'])) return false;
  const { problems } = value;
  return Array.isArray(problems) && problems.every(isWrittenProblem);
}

/** Everything of a move that its execution reads. */
function isMove(value: unknown): boolean {
  if (!isRecord(value) || !isText(value['id']) || !isTaskRef(value['task'])) return false;
  switch (value['kind']) {
    case 'placement':
      return isText(value['to']) && isResources(value['request']) && isOwnerName(value['owner']);
    case 'resize': {
      const { direction, task, owner, from, to, request } = value;
      const known = direction === 'shrink' || direction === 'expand';
      const named = isRecord(task) && isText(task['node']) && isOwnerName(owner);
      return known && named && [from, to, request].every(isResources);
    }
    case 'migration': {
      const { from, to, others = [], owner, allocation, run, warnings = [] } = value;
      const places = isText(from) && isText(to) && isResources(allocation) && areWarnings(warnings);
      return places && Array.isArray(others) && others.every(isTaskRef) && isOwnerRef(owner) && isRun(run);
    }
    default:
      return false;
  }
}

function areWarnings(value: unknown): boolean {
  const isWarning = (each: unknown) => isRecord(each) && each['code'] === 'affinityApplied' && isText(each['manager']);
  return Array.isArray(value) && value.every(isWarning);
}

function isTaskRef(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, uid, generation, node } = value;
  return isText(id) && isText(uid) && isNumber(generation) && (node === undefined || isText(node));
}

function isOwnerName(value: unknown): boolean {
  return value === undefined || (isRecord(value) && ['kind', 'namespace', 'name'].every((key) => isText(value[key])));
}

function isOwnerRef(value: unknown): boolean {
  if (!isRecord(value)) return false;
  return ['kind', 'namespace', 'name', 'uid'].every((key) => isText(value[key])) && isNumber(value['generation']);
}

function isRun(value: unknown): boolean {
  if (!isRecord(value) || !isResources(value['usageSoFar'])) return false;
  return ['elapsedSeconds', 'remainingSeconds', 'lostSeconds'].every((key) => isNumber(value[key]));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
