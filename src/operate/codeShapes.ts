import type { Attempt, Steering, WhyRefused } from '../cluster/refused.ts';
import { isResources } from '../core/model/resources.ts';
import {
  hasFields,
  isAny,
  isListOf,
  isNumber,
  isOneBy,
  isOneOf,
  isSeconds,
  isText,
  type Shape,
} from '../core/model/shape.ts';
import { isResized } from '../core/model/stated.ts';
import type { Refusal } from '../core/place/filter.ts';
import type { Stale } from '../core/plan/checkPlan.ts';
import type { Ending, LeftAlone, Limit, Outcome, Reason } from './reasons.ts';

/** The shapes of what came of a move, why it waits and why it was not done, as journals and ledgers keep it. */

type ByCode<Union extends { readonly code: string }> = Readonly<Record<Union['code'], Shape>>;

const NOTHING = hasFields({});
const isOwner = hasFields({ kind: isText, namespace: isText, name: isText });

const isAttempt = isOneBy('act', {
  place: hasFields({ task: isText, node: isText }),
  resize: hasFields({ task: isText }),
  eraseTraces: hasFields({ object: isOwner }),
  suspend: hasFields({ owner: isOwner }),
  resume: hasFields({ owner: isOwner }),
  release: hasFields({ owner: isOwner }),
} satisfies Readonly<Record<Attempt['act'], Shape>>);

const isSteering = isOneBy('code', {
  controller: hasFields({ kind: isText, name: isText }),
  queue: hasFields({ queue: isText }),
  manager: hasFields({ manager: isText }),
} satisfies ByCode<Steering>);

const isLeftAlone = isOneBy('code', {
  runs: NOTHING,
  ended: NOTHING,
  granted: NOTHING,
  changed: NOTHING,
  undated: NOTHING,
  unreadable: NOTHING,
  steered: hasFields({ by: isSteering }),
} satisfies ByCode<LeftAlone>);

const isWhyRefused = isOneBy('code', {
  gone: NOTHING,
  replaced: NOTHING,
  changed: hasFields({ found: isNumber, planned: isNumber }),
  ended: NOTHING,
  right: hasFields({ missing: isText, namespace: isText }),
  noNode: hasFields({ node: isText }),
  runsOn: hasFields({ node: isText }),
  notGated: NOTHING,
  notRunning: hasFields({ phase: isText }),
  fixedResource: hasFields({ resource: isText }),
  bestEffort: NOTHING,
  notPositive: hasFields({ resource: isText }),
  belowFloor: hasFields({ resource: isText, least: isNumber }),
  restarts: hasFields({ resource: isText, container: isText }),
  notRequested: hasFields({ resource: isText }),
  containerNeeds: hasFields({ resource: isText, container: isText, needed: isNumber, left: isNumber }),
  limitAbove: hasFields({ resource: isText, container: isText, limit: isNumber, most: isNumber }),
  resizedByOther: NOTHING,
  wouldAdd: hasFields({}, { container: isText }),
  amountsUnknown: NOTHING,
  nodeTooSmall: hasFields({ node: isText, resource: isText, requested: isNumber, allocatable: isNumber }),
  ownerKind: hasFields({ kind: isText }),
  steered: hasFields({ by: isSteering }),
  suspended: hasFields({}, { byPlan: isText }),
  budget: hasFields({ budget: isText, tasks: isNumber, allowed: isNumber }),
  failsWhenStopped: hasFields({ exitCode: isNumber }),
  stopping: hasFields({ tasks: isNumber }),
  server: hasFields({ kind: isText, status: isNumber, message: isText }),
} satisfies ByCode<WhyRefused>);

const isRefused = hasFields({ kind: isOneOf('refused'), code: isText, attempt: isAttempt, why: isWhyRefused });

const KEY = { key: isText };

const isRefusal = isOneBy('code', {
  notReady: NOTHING,
  unschedulable: NOTHING,
  nodeName: hasFields({ wanted: isText }),
  taint: hasFields({ taint: hasFields({ key: isText, value: isText, effect: isText }) }),
  nodeSelector: hasFields({ ...KEY, wanted: isText }, { found: isText }),
  nodeAffinity: NOTHING,
  hostPort: hasFields({ port: isNumber, protocol: isText, heldBy: isText }),
  taskCount: hasFields({ maxTasks: isNumber }),
  resource: hasFields({ resource: isText, requested: isNumber, free: isNumber }),
  gpuResource: hasFields({ wanted: isText, offered: isText }),
  gpuModel: hasFields({ wanted: isListOf(isText) }, { found: isText }),
  gpuShare: hasFields({ shareMilli: isNumber, gpus: isNumber, fitting: isNumber, largestFreeMilli: isNumber }),
  volume: hasFields({ volumes: isNumber }),
  topologyLabel: hasFields(KEY),
  spread: hasFields({ ...KEY, value: isText, tasks: isNumber, minimum: isNumber, maxSkew: isNumber }),
  podAffinity: hasFields(KEY),
  podAntiAffinity: hasFields({ ...KEY, heldBy: isText }),
  keptAway: hasFields({ ...KEY, heldBy: isText }),
} satisfies ByCode<Refusal>);

const MOVED = { moveId: isText, taskId: isText };

const isStale = isOneBy('code', {
  taskGone: hasFields(MOVED),
  taskReplaced: hasFields(MOVED),
  taskChanged: hasFields({ ...MOVED, planned: isNumber, found: isNumber }),
  taskMoved: hasFields(MOVED, { planned: isText, found: isText }),
  taskEnding: hasFields(MOVED),
  allocationChanged: hasFields(MOVED),
  ownerChanged: hasFields(MOVED),
  nodeGone: hasFields({ ...MOVED, node: isText }),
  doesNotFit: hasFields({ ...MOVED, node: isText, refusal: isRefusal }),
} satisfies ByCode<Stale>);

const isShort = hasFields({ ...MOVED, node: isText, resource: isText, requested: isNumber, free: isNumber });

/** A code with its arguments, or the sentence that version 0.1.0 wrote in its place. */
const isWritten = (shapes: Readonly<Record<string, Shape>>) => isAny(isText, isOneBy('code', shapes));

const TASK = { task: isText };
const OWNER = { owner: isText };

export const isOutcome = isWritten({
  taskRuns: hasFields({ ...TASK, node: isText }),
  taskRanAndEnded: hasFields({ ...TASK, node: isText }),
  taskEnded: hasFields(TASK),
  resized: hasFields({ ...TASK, from: isResources, to: isResources }, { parts: isResized }),
  resizeTakenBack: hasFields(TASK),
  ownerRuns: hasFields({ ...OWNER, nodes: isListOf(isText) }),
  ownerQueued: hasFields(OWNER),
  ownerEnded: hasFields(OWNER),
  recordTaken: hasFields({ object: isText, why: isLeftAlone }),
} satisfies ByCode<Outcome>);

export const isReason = isWritten({
  stale: hasFields({ stale: isListOf(isStale) }),
  short: hasFields({ short: isShort }),
  refused: hasFields({ refused: isRefused }),
  cancelled: NOTHING,
  unbound: hasFields({ ...TASK, node: isText }),
  taskDeleted: hasFields(TASK),
  runsElsewhere: hasFields({ ...TASK, node: isText, wanted: isText }),
  inUse: hasFields({ ...TASK, resource: isText, used: isNumber, left: isNumber }, { marginFraction: isNumber }),
  notGranted: hasFields(TASK, { message: isText }),
  neverGranted: hasFields(TASK, { message: isText }),
  changedByOther: hasFields(TASK),
  nodeGone: hasFields({ node: isText }),
  nodeRefuses: hasFields({ node: isText, refusal: isRefusal }),
  notTaken: hasFields({ node: isText }, { tasks: isNumber }),
  notKept: hasFields({ node: isText }),
  resumedByOther: hasFields(OWNER),
  suspendedAgain: hasFields(OWNER),
  unanswered: hasFields({ why: hasFields({ code: isText }) }),
  unasked: NOTHING,
  otherMachine: hasFields({ namespace: isText, holder: isText }),
  byHand: hasFields({ ...OWNER, why: isLeftAlone }),
} satisfies ByCode<Reason>);

const LIMITS: readonly Limit[] = ['shrinkGiveUpSeconds', 'expandGiveUpSeconds', 'migrationGiveUpSeconds'];

export const isEnding = isOneBy('code', {
  gaveUp: hasFields({ limit: isOneOf(...LIMITS), waitedSeconds: isSeconds }),
  takenBack: NOTHING,
  backNotGranted: hasFields({}, { message: isText }),
  notTakenBack: hasFields({ refused: isRefused }),
  taskEnded: NOTHING,
  queued: hasFields({}, { refused: isRefused }),
  ownerRuns: hasFields({ ...OWNER, nodes: isListOf(isText), wanted: isText }),
} satisfies ByCode<Ending>);
