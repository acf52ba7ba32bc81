import type { Move, NamedMove, RunInformation } from '../core/model/moves.ts';
import { amountOf, type Resources, resourceNames } from '../core/model/resources.ts';
import type { Written } from '../core/model/written.ts';
import type { Short, Stale } from '../core/plan/checkPlan.ts';
import type { PlanPreview } from '../core/plan/previewPlan.ts';
import { losses, type Stakes, stakesByNamespace, stakesOf } from '../core/plan/stakes.ts';
import type { ApplyOutcome, ApplyRefused, Question } from '../operate/applyPlan.ts';
import type { MoveState } from '../operate/journal.ts';
import type { Notice } from '../operate/leases.ts';
import type { Orphan } from '../operate/orphans.ts';
import type { Ending, LeftAlone, Limit, Outcome, Reason } from '../operate/reasons.ts';
import { dueSecondsOf, type OrphanedMove, type Phase, phaseOf, type Step } from '../operate/step.ts';
import type { Stopped } from '../operate/stopped.ts';
import { describeError } from './error.ts';
import { describeFailure } from './failure.ts';
import {
  amounts,
  amountsApart,
  change,
  clock,
  clockInZone,
  counted,
  duration,
  ended,
  list,
  names,
  number,
  percent,
  plural,
} from './format.ts';
import { describeRefusal } from './placement.ts';
import { resumeByHand } from './problem.ts';
import { describeRefusedAct, describeSteering } from './refusal.ts';

/** Every sentence about carrying out a plan. */

/** One move and where it stands, as a line anywhere: panel, notification, log, terminal. */
export type StepText = {
  readonly moveId: string;
  readonly title: string;
  readonly state: Phase;
  readonly text: string;
  /** When a wait is over. */
  readonly untilSeconds?: number;
};

/** The one question before a plan is applied; the verb is the button. */
export type Confirmation = {
  readonly message: string;
  readonly detail: string;
  readonly verb: string;
  /** Every move with its cost, a line each. */
  readonly moves: string;
};

export function describeStep(step: Step): StepText {
  const { move } = step;
  const untilSeconds = dueSecondsOf(step);
  return {
    moveId: move.id,
    title: describeMove(move),
    state: phaseOf(step),
    text: describeState(step.state),
    ...(untilSeconds !== undefined && { untilSeconds }),
  };
}

/** A step as one line: "Place team/train on gpu-3: done. team/train runs on gpu-3." */
export function stepLine(step: StepText, nowSeconds: number): string {
  return `${step.title}: ${describeStanding(step, nowSeconds, clockInZone)}`;
}

/**
 * Where a step stands, behind its title: "waiting until 14:05. gpu-3 has 2 GPU free; …".
 * @param say how a time is written: as on a screen that names the zone, or as in a line that stands alone
 */
export function describeStanding(
  { state, text, untilSeconds }: StepText,
  nowSeconds: number,
  say: typeof clock = clock,
): string {
  switch (state) {
    case 'running':
      return `running. ${text}`;
    case 'waiting':
      return untilSeconds === undefined
        ? `waiting. ${text}`
        : `waiting until ${say(untilSeconds, nowSeconds)}. ${text}`;
    case 'done':
      return `done. ${text}`;
    case 'failed':
      return `not done. ${text}`;
  }
}

/** What came of an operation: "2 done, 1 not done, 1 waiting until 14:05 UTC+8." */
export function describeOutcome(
  { done, failed, waiting, untilSeconds }: Extract<ApplyOutcome, { steps: unknown }>,
  nowSeconds: number,
): string {
  const parts = [
    `${number(done)} done`,
    ...(failed > 0 ? [`${number(failed)} not done`] : []),
    ...(waiting > 0 && untilSeconds === undefined ? [`${number(waiting)} waiting`] : []),
    ...(waiting > 0 && untilSeconds !== undefined
      ? [`${number(waiting)} waiting until ${clockInZone(untilSeconds, nowSeconds)}`]
      : []),
  ];
  return `Moves: ${parts.join(', ')}.`;
}

/**
 * Whose tasks moves leave stopped, as sentences in one line: "ml/train is stopped since 14:02 UTC+8." Of many the first
 * are named. Nobody stopped: empty.
 */
export function describeStopped(stopped: readonly Stopped[], nowSeconds: number): string {
  const named = stopped.slice(0, STOPPED_NAMED).map(({ owner, sinceSeconds, sure }) => {
    if (!sure) return `${owner} may be stopped.`;
    if (sinceSeconds === undefined) return `${owner} is stopped.`;
    return `${owner} is stopped since ${clockInZone(sinceSeconds, nowSeconds)}.`;
  });
  const left = stopped.length - named.length;
  const more = plural(left, { one: '# more is stopped.', other: '# more are stopped.' });
  return [...named, ...(left > 0 ? [more] : [])].join(' ');
}

const STOPPED_NAMED = 10;

/** What is told beside the steps. */
export function describeNotice(notice: Notice): string {
  switch (notice.code) {
    case 'silent':
      return `${describeFailure(notice.why)} Asking again.`;
    case 'withoutLease':
      return `Other machines are not told of the moves in ${names(notice.namespaces)}: there is no right to a Lease. Do not apply there from two machines at once, or ask an administrator for the role stowage-operator (media/rbac).`;
    case 'leftToOther':
      return `${notice.holder} carries out moves in namespace ${notice.namespace}. What it has begun there is left to it.`;
  }
}

/** Why an operation ended without writing down what it did. */
export function describeUnwritten(error: unknown): string {
  return `${describeError(error)} After that no move was begun. What was under way went on as far as it could, and is not written down.`;
}

/** What came of an operation, and of its first move that was not done, in one line. */
export function describeResult(outcome: Extract<ApplyOutcome, { steps: unknown }>, nowSeconds: number): string {
  const failed = outcome.steps.find((step) => phaseOf(step) === 'failed');
  if (!failed) return describeOutcome(outcome, nowSeconds);
  const { title, text } = describeStep(failed);
  return `${describeOutcome(outcome, nowSeconds)} ${title}: ${text}`;
}

/** How far an operation has come: "3 of 19 · Migrate team/train from n1 to n2 · Suspending its owner." */
export function describeProgress({ title, state, text }: StepText, ended: number, moves: number | undefined): string {
  const what = state === 'done' ? `${title} · done` : `${title} · ${text}`;
  return moves === undefined ? what : `${number(ended)} of ${number(moves)} · ${what}`;
}

/** Why nothing of a plan is carried out, and what to do. */
export function describeApplyRefused(refused: ApplyRefused): string {
  switch (refused.code) {
    case 'otherCluster':
      return `This plan is for ${refused.planned}, not for ${refused.cluster}.`;
    case 'complete':
      return 'This plan was applied already. Plan again.';
    case 'nothing':
      return 'The plan has no moves to apply.';
    case 'nothingToUndo':
      return 'There is no applied resize to undo here.';
    case 'busy':
      return `${refused.task} is in a move of another plan that is not at its end. Resume that one first.`;
    case 'leased':
      return `${refused.holder} carries out moves in namespace ${refused.namespace}. Wait until it is done, then try again.`;
    case 'stale':
      return describeAllStale(refused.stale);
  }
}

function describeAllStale(stale: readonly Stale[]): string {
  const reasons = [...new Set(stale.map(describeStale))];
  const left = reasons.length - STALE_SHOWN;
  const shown = [...reasons.slice(0, STALE_SHOWN), ...(left > 0 ? [`And ${number(left)} more like these.`] : [])];
  return ['The cluster has changed since the plan was made. Plan again.', ...shown.map((each) => `  ${each}`)].join(
    '\n',
  );
}

/** An old plan is stale in most of its moves; these many reasons are enough to see why. */
const STALE_SHOWN = 5;

/**
 * The question before anything is written: names cluster, moves, whom they end and the work that is lost. Of many moves
 * it names what they change in all, and whom they cost most.
 * @param of how many moves the whole plan has, where these may be some of them
 */
export function describeQuestion(question: Question, of?: number): Confirmation {
  if (question.kind === 'orphans') return describeOrphans(question);
  const { moves } = question;
  if (question.kind === 'apply') {
    const { preview } = question;
    const costs = [...describeWhatIsEnded(preview), ...mostLost(moves), ...describeWarnings(moves)];
    const detail = [...movesOrTotals(moves, preview), ...costs];
    const message = `Apply ${someOf(moves.length, of)} to ${preview.cluster}?`;
    return { message, detail: detail.join('\n'), verb: verbOf(preview), moves: movesText(moves) };
  }
  const { cluster } = question;
  const [message, verb] = [
    plural(moves.length, { one: `Undo # resize on ${cluster}?`, other: `Undo # resizes on ${cluster}?` }),
    plural(moves.length, { one: 'Undo # resize', other: 'Undo # resizes' }),
  ];
  return { message, detail: movesOrTotals(moves).join('\n'), verb, moves: movesText(moves) };
}

/** Moves that this journal does not know: what is done about each. */
function describeOrphans({ cluster, orphans }: Extract<Question, { kind: 'orphans' }>): Confirmation {
  const lines = orphans.map(describeOrphan);
  const left = lines.length - MOVES_NAMED;
  const shown = [...lines.slice(0, MOVES_NAMED), ...(left > 0 ? [`and ${counted(left, 'move')} more`] : [])];
  return {
    message: plural(orphans.length, {
      one: `Finish # move that only marks on ${cluster} tell of?`,
      other: `Finish # moves that only marks on ${cluster} tell of?`,
    }),
    detail: ['They were begun elsewhere, or the journal here has lost them.', ...shown].join('\n'),
    verb: plural(orphans.length, { one: 'Finish # move', other: 'Finish # moves' }),
    moves: lines.map((line) => `${line}\n`).join(''),
  };
}

/** "Resume team/train, which a migration has suspended" */
function describeOrphan({ move: { object, of }, need }: Orphan): string {
  switch (need.kind) {
    case 'resume':
      return `Resume ${object}, which a migration has suspended`;
    case 'forget':
      return `Only take the record of a ${of} off ${object}: ${describeLeftAlone(need.why)}`;
    case 'resize':
      return `Wait for the resize of ${object}, or take it back`;
    case 'unpin':
      return `Stop ${object} and resume it without its pin to ${need.node}, which is ${need.why} (${describeLoss(need.lostSeconds)})`;
  }
}

function movesText(moves: readonly Move[]): string {
  return moves.map((move) => `${describeMoveWithCost(move)}\n`).join('');
}

/** "19 moves", "3 of 19 moves". */
function someOf(moves: number, of = moves): string {
  return moves < of ? `${number(moves)} of ${counted(of, 'move')}` : counted(moves, 'move');
}

/** So many moves are named one by one in a question; of more only what they change in all. */
const MOVES_NAMED = 10;
const NAMESPACES_NAMED = 5;
const LOSSES_NAMED = 3;

/** @param preview counts the moves by kind; without it they are all of one */
function movesOrTotals(moves: readonly Move[], preview?: PlanPreview): string[] {
  if (moves.length <= MOVES_NAMED) return moves.map(describeMoveWithCost);
  const namespaces = stakesByNamespace(moves);
  const named = namespaces
    .slice(0, NAMESPACES_NAMED)
    .map(({ name, ...stakes }) => `${name}: ${describeStakes(stakes)}`);
  const left = namespaces.length - named.length;
  return [
    `${preview ? describeMoves(preview) : counted(moves.length, 'resize')}: ${describeStakes(stakesOf(moves))}.`,
    ...(namespaces.length > 1 ? named : []),
    ...(left > 0 ? [plural(left, { one: 'and # namespace more', other: 'and # namespaces more' })] : []),
  ];
}

/** What the moves that are ticked change in all, in the words of the question that follows. */
export function describeTicked(stakes: Stakes): string {
  return `Ticked: ${describeStakes(stakes)}.`;
}

/** "pending tasks take 8 CPU; running tasks give back 12 CPU and get 3 CPU" */
function describeStakes({ placed, givenBack, given }: Stakes): string {
  const some = (resources: Resources) => resourceNames(resources).length > 0;
  const running = [
    ...(some(givenBack) ? [`give back ${amounts(givenBack)}`] : []),
    ...(some(given) ? [`get ${amounts(given)}`] : []),
  ];
  const parts = [
    ...(some(placed) ? [`pending tasks take ${amounts(placed)}`] : []),
    ...(running.length > 0 ? [`running tasks ${list(running)}`] : []),
  ];
  return parts.length > 0 ? parts.join('; ') : 'tasks keep what they hold';
}

/** "argocd-controller applies the node affinity of team/train: its next sync conflicts with the pin …" */
function describeWarnings(moves: readonly Move[]): string[] {
  const warned = moves.flatMap((move) =>
    move.kind === 'migration' ? (move.warnings ?? []).map(({ manager }) => ({ manager, owner: move.owner })) : [],
  );
  return [...Map.groupBy(warned, ({ manager }) => manager)].map(([manager, those]) => {
    const owners = names(those.map(({ owner }) => `${owner.namespace}/${owner.name}`));
    return `${manager} applies the node affinity of ${owners}: its next sync conflicts with the pin that a migration leaves.`;
  });
}

/** Whom many moves cost most: "Most is lost by team/a (3 h) and team/b (20 min)." Few moves are named with their loss. */
function mostLost(moves: readonly Move[]): string[] {
  const most = losses(moves).slice(0, LOSSES_NAMED);
  if (moves.length <= MOVES_NAMED || most.length === 0) return [];
  const who = most.map(({ owner, run }) => `${owner.namespace}/${owner.name} (${duration(run.lostSeconds)})`);
  return [`Most is lost by ${list(who)}.`];
}

/** Before the question in a context where a mistake costs most. */
export function describeProduction(context: string): string {
  return `${context} is a production context (setting stowage.safety.productionContexts).`;
}

/** The button that shows every move of a question, and changes nothing. */
export const SHOW_MOVES = 'Show These Moves';

/** A move in a few words; the same wherever it stands. */
export function describeMove(move: NamedMove | OrphanedMove): string {
  switch (move.kind) {
    case 'placement':
      return `Place ${move.task.id} on ${move.to}`;
    case 'resize':
      return move.direction === 'shrink'
        ? `Shrink ${move.task.id} ${describeChange(move.from, move.to)}`
        : `Expand ${move.task.id} ${describeChange(move.from, move.to)}`;
    case 'migration':
      return `Migrate ${move.owner.namespace}/${move.owner.name} from ${move.from} to ${move.to}`;
    case 'orphan':
      return move.of === 'pin' ? `Take the pin off ${move.object}` : `Finish the ${move.of} of ${move.object}`;
  }
}

/** What a move costs or asks for, beside its title. */
function describeMoveCost(move: Move): string | undefined {
  switch (move.kind) {
    case 'placement':
      return amounts(move.request);
    case 'resize':
      return undefined;
    case 'migration':
      return describeRestart(move.run);
  }
}

/** What a migrated task begins again with: "resumes from s3://team/train", "loses 5 min of work". */
export function describeRestart({
  lostSeconds,
  checkpoint,
}: Pick<RunInformation, 'lostSeconds' | 'checkpoint'>): string {
  return lostSeconds === 0 && checkpoint !== undefined ? `resumes from ${checkpoint}` : describeLoss(lostSeconds);
}

/** A move with what it costs or asks for: "Place team/train on gpu-3 (4 CPU, 1 GPU)". */
function describeMoveWithCost(move: Move): string {
  const cost = describeMoveCost(move);
  return cost === undefined ? describeMove(move) : `${describeMove(move)} (${cost})`;
}

/** What some moves would lose together. */
export function describeLossOf(moves: readonly Move[]): string {
  const lost = moves.reduce((sum, move) => sum + (move.kind === 'migration' ? move.run.lostSeconds : 0), 0);
  return lost > 0 ? `${duration(lost)} of work would be lost.` : 'No work is lost.';
}

export const NO_NODES = 'Nothing can be planned: no node is seen. What could not be read is named above.';

/** Why there is no move to tick. */
export function describeNoMoves({ done, nodes }: { readonly done: number; readonly nodes: number }): string {
  if (done > 0) return 'All moves of this plan are done. Plan again to see what comes next.';
  if (nodes === 0) return NO_NODES;
  return 'Nothing to do now: the verdict above says why, and when to look again.';
}

/** Work that moves lose. */
export function describeLoss(lostSeconds: number): string {
  return lostSeconds > 0 ? `loses ${duration(lostSeconds)} of work` : 'loses no work';
}

/** What a resize changes: "from 8 to 4 CPU and from 32 to 16 GiB". */
function describeChange(from: Resources, to: Resources): string {
  const changed = resourceNames(from, to).filter((name) => amountOf(from, name) !== amountOf(to, name));
  return list(changed.map((name) => change(name, amountOf(from, name), amountOf(to, name))));
}

/** How many moves of each kind: "2 placements, 1 shrink, and 1 migration". */
export function describeMoves({ placements, shrinks, expands, migrations }: PlanPreview): string {
  const counts = [
    [placements, 'placement'],
    [shrinks, 'shrink'],
    [expands, 'expand'],
    [migrations, 'migration'],
  ] as const;
  return list(counts.filter(([count]) => count > 0).map(([count, what]) => counted(count, what)));
}

/** Whom the moves end, and what that loses; one sentence each. */
export function describeWhatIsEnded({ tasksEnded, lostSeconds, withoutCheckpoint }: PlanPreview): string[] {
  if (tasksEnded.length === 0) return ['No running task is ended.'];
  const lost = lostSeconds > 0 ? `${duration(lostSeconds)} of work is lost` : 'no work is lost';
  const who = names(tasksEnded);
  const ended = plural(tasksEnded.length, {
    one: `# running task will be ended and started again, ${lost}: ${who}.`,
    other: `# running tasks will be ended and started again, ${lost}: ${who}.`,
  });
  if (withoutCheckpoint.length === 0) return [ended];
  return [ended, `Without a checkpoint, from the beginning again: ${names(withoutCheckpoint)}.`];
}

/** Where a move stands, as whole sentences. */
export function describeState(state: Step['state']): string {
  switch (state.kind) {
    case 'done':
      return written(state.outcome, describeDone);
    case 'failed': {
      const reason = written(state.reason, describeReason);
      return state.ending ? `${reason} ${describeEnding(state.ending)}` : reason;
    }
    case 'cancelled':
      return 'Cancelled; nothing was done.';
    case 'awaited':
      return written(state.reason, describeReason);
    case 'reverting': {
      if (state.dueSeconds === undefined) return UNDER_WAY.reverting;
      return `${written(state.reason, describeReason)} ${describeEnding({ code: 'backNotGranted' })}`;
    }
    default: {
      const reason = 'reason' in state && dueSecondsOf({ state }) !== undefined ? state.reason : undefined;
      if (reason === undefined) return UNDER_WAY[state.kind];
      const said = written(reason, describeReason);
      return state.kind === 'resuming' || state.kind === 'stopped' ? `Its tasks are stopped. ${said}` : said;
    }
  }
}

/** A code's sentence, or what an older version wrote. */
function written<T>(what: Written<T>, say: (code: T) => string): string {
  return typeof what === 'string' ? what : say(what);
}

function describeDone(outcome: Outcome): string {
  switch (outcome.code) {
    case 'taskRuns':
      return `${outcome.task} runs on ${outcome.node}.`;
    case 'taskRanAndEnded':
      return `${outcome.task} ran on ${outcome.node} and has ended.`;
    case 'taskEnded':
      return `${outcome.task} ended before its resize was granted.`;
    case 'resized':
      return `${outcome.task} is resized ${describeChange(outcome.from, outcome.to)}.`;
    case 'resizeTakenBack':
      return `${outcome.task} was not granted its resize; it was taken back.`;
    case 'ownerRuns':
      return `${outcome.owner} runs on ${list(outcome.nodes)}.`;
    case 'ownerQueued':
      return `${outcome.owner} is in the scheduler's queue.`;
    case 'ownerEnded':
      return `${outcome.owner} has ended; there is nothing left to move.`;
    case 'recordTaken': {
      const { object, why, suspended } = outcome;
      const taken = `The record of the move is taken off ${object}: ${describeLeftAlone(why)}.`;
      return suspended ? `${taken} It stays suspended; ${resumeByHand(object)} resumes it.` : taken;
    }
  }
}

/** Why a move waits, or was not done. */
function describeReason(reason: Reason): string {
  switch (reason.code) {
    case 'stale':
      return reason.stale.map(describeStale).join(' ');
    case 'short':
      return describeShort(reason.short);
    case 'refused':
      return describeRefusedAct(reason.refused);
    case 'cancelled':
      return 'Cancelled.';
    case 'unanswered':
      return `${describeFailure(reason.why)} What came of it is not known yet.`;
    case 'unbound':
      return `${reason.task} has no place on ${reason.node} yet; it is in the scheduler's queue.`;
    case 'taskDeleted':
      return `${reason.task} is gone: somebody deleted it.`;
    case 'runsElsewhere':
      return `${reason.task} runs on ${reason.node}, not on ${reason.wanted}.`;
    case 'inUse': {
      const { task, resource, marginFraction } = reason;
      const [used, left] = amountsApart(resource, reason.used, reason.left);
      if (marginFraction === undefined) return `${task} now uses ${used} and would be left ${left}.`;
      const [needed] = amountsApart(resource, reason.used * (1 + marginFraction), reason.left);
      return `${task} now uses ${used}; with the ${percent(marginFraction)} margin it needs ${needed}, and would be left ${left}.`;
    }
    case 'notGranted':
      return reason.message
        ? `The node of ${reason.task} has not granted the resize yet: ${ended(reason.message)}`
        : `The node of ${reason.task} has not granted the resize yet.`;
    case 'neverGranted':
      return reason.message
        ? `The node of ${reason.task} can never grant this: ${ended(reason.message)}`
        : `The node of ${reason.task} can never grant this.`;
    case 'changedByOther':
      return `${reason.task} was changed by somebody else while it was being resized.`;
    case 'nodeGone':
      return `Node ${reason.node} is gone.`;
    case 'nodeRefuses':
      return `${describeRefusal(reason.node, reason.refusal)}.`;
    case 'notTaken':
      return reason.tasks === undefined
        ? `${reason.node} did not take any of its tasks in time.`
        : `${reason.node} did not take ${number(reason.tasks)} of its tasks in time.`;
    case 'notKept':
      return `It did not stay on ${reason.node}.`;
    case 'resumedByOther':
      return `Somebody else resumed ${reason.owner}.`;
    case 'suspendedAgain':
      return `Somebody else has suspended ${reason.owner} since; it stays suspended.`;
    case 'otherMachine':
      return `${reason.holder} carries out moves in namespace ${reason.namespace}; this one is left to it meanwhile.`;
    case 'unasked':
      return 'Only a mark on the cluster tells of it: nothing is done about it before somebody says yes.';
    case 'byHand':
      return `${reason.owner} is suspended, and is left as it is: ${describeLeftAlone(reason.why)}. Look at it; ${resumeByHand(reason.owner)} resumes it.`;
  }
}

/** Why an owner is left as it is, as a part of a sentence. */
function describeLeftAlone(why: LeftAlone): string {
  switch (why.code) {
    case 'runs':
      return 'it is not suspended';
    case 'ended':
      return 'it has ended';
    case 'granted':
      return 'its resize is granted';
    case 'changed':
      return 'somebody has changed it since';
    case 'undated':
      return 'the record is of version 0.1, which does not say what it has left';
    case 'unreadable':
      return 'the record of a move on it cannot be read';
    case 'steered':
      return describeSteering(why.by);
  }
}

/** How a move that was not done has ended. */
function describeEnding(ending: Ending): string {
  switch (ending.code) {
    case 'gaveUp':
      return `Given up: it waited ${duration(ending.waitedSeconds)}, the limit of ${LIMITS[ending.limit]}.`;
    case 'takenBack':
      return 'The resize is taken back.';
    case 'backNotGranted':
      return ending.message
        ? `It asks for what it had again, which its node has not granted: ${ended(ending.message)}`
        : 'It asks for what it had again, which its node has not granted.';
    case 'notTakenBack':
      return `The resize cannot be taken back. ${describeRefusedAct(ending.refused)}`;
    case 'taskEnded':
      return 'The task has ended.';
    case 'queued':
      return ending.refused
        ? `Its tasks stay in the scheduler's queue. ${describeRefusedAct(ending.refused)}`
        : "Its tasks are in the scheduler's queue.";
    case 'ownerRuns':
      return `${ending.owner} runs on ${list(ending.nodes)}, not on ${ending.wanted}.`;
  }
}

/** The settings by the names under which users change them. */
const LIMITS: Readonly<Record<Limit, string>> = {
  shrinkGiveUpSeconds: 'stowage.resizing.shrinkGiveUpAfterMinutes',
  expandGiveUpSeconds: 'stowage.resizing.expandGiveUpAfterMinutes',
  migrationGiveUpSeconds: 'stowage.migration.giveUpAfterMinutes',
};

/** Why a move no longer fits the cluster. */
function describeStale(stale: Stale): string {
  const { taskId } = stale;
  switch (stale.code) {
    case 'taskGone':
      return `Task ${taskId} is gone.`;
    case 'taskReplaced':
      return `Task ${taskId} was replaced by another of the same name.`;
    case 'taskChanged':
      return `Task ${taskId} was changed (generation ${stale.found}, planned at ${stale.planned}).`;
    case 'taskMoved':
      return `Task ${taskId} is ${onNode(stale.found)}, planned while it was ${onNode(stale.planned)}.`;
    case 'taskEnding':
      return `Task ${taskId} is being stopped.`;
    case 'allocationChanged':
      return `Task ${taskId} holds other amounts than when it was planned.`;
    case 'ownerChanged':
      return `The owner of task ${taskId} was changed.`;
    case 'nodeGone':
      return `Node ${stale.node} is gone.`;
    case 'doesNotFit':
      return `Task ${taskId} does not fit: ${describeRefusal(stale.node, stale.refusal)}.`;
  }
}

/** What a move waits for. */
function describeShort({ taskId, node, resource, requested, free }: Short): string {
  const [left, needed] = amountsApart(resource, Math.max(0, free), requested);
  return `${node} has ${left} free; ${taskId} needs ${needed}.`;
}

const UNDER_WAY = {
  planned: 'Not begun.',
  waiting: 'Looking again.',
  placing: 'Lifting its gate.',
  binding: 'Waiting for the scheduler.',
  resizing: 'Asking for the resize.',
  granting: 'Waiting for its node to grant it.',
  reverting: 'Taking it back.',
  suspending: 'Suspending its owner.',
  stopping: 'Waiting until its tasks have stopped.',
  stopped: 'Stopped; looking at the target again.',
  resuming: 'Resuming its owner.',
  starting: 'Waiting until its tasks run.',
} as const satisfies Partial<Record<MoveState['kind'], string>>;

function verbOf({ placements, shrinks, expands, migrations }: PlanPreview): string {
  const resizes = shrinks + expands;
  if (placements + resizes === 0) return plural(migrations, { one: 'Migrate # Job', other: 'Migrate # Jobs' });
  if (placements + migrations === 0) return plural(resizes, { one: 'Resize # task', other: 'Resize # tasks' });
  if (resizes + migrations === 0) return plural(placements, { one: 'Place # task', other: 'Place # tasks' });
  return plural(placements + resizes + migrations, { one: 'Apply # move', other: 'Apply # moves' });
}

function onNode(node: string | undefined): string {
  return node === undefined ? 'on no node' : `on ${node}`;
}
