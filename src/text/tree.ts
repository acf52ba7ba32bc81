import type { Band } from '../core/model/band.ts';
import type { NodeDeadline } from '../core/model/node.ts';
import {
  amountOf,
  dominantResource,
  type ResourceName,
  type Resources,
  resourceNames,
  subtractResources,
} from '../core/model/resources.ts';
import type { Action } from '../core/model/snapshot.ts';
import type { Start } from '../core/plan/starts.ts';
import { describeWhyNot } from './action.ts';
import { describeStarts, isSameStart } from './forecast.ts';
import { amounts, counted, duration, namedBand, number, percent, resourceTitle } from './format.ts';
import { describeDeadline } from './placement.ts';
import { describeLeft } from './prediction.ts';
import { resizeState } from './resize.ts';

/** Every sentence about a node or a task as it is now, for a row of a tree: short, in full, and line by line. */

/** What is told of a node; times are from now. */
export type NodeFacts = {
  readonly name: string;
  readonly total: Resources;
  readonly free: Resources;
  /** Mean usage of its tasks together. */
  readonly usage?: Resources;
  readonly available: AvailableKind;
  readonly availableSeconds: number;
  /** Where the available time comes from. */
  readonly source: string;
  readonly deadline?: NodeDeadline;
  readonly state: 'ready' | 'notReady' | 'unschedulable';
  readonly tasks: number;
};

/**
 * What the time is until which a node's free part can run: it holds nothing but daemons; something on it never ends; its
 * last task ends; nobody knows an end within that time; the node itself ends; what is free lasts that long.
 */
export type AvailableKind = 'empty' | 'never' | 'emptyIn' | 'atLeast' | 'endsIn' | 'freeFor';

/** What is told of a task; times are from now. */
export type TaskFacts = {
  readonly id: string;
  readonly kind: 'pending' | 'running' | 'ending';
  readonly node?: string;
  /** `Job train-resnet`; absent for a bare task. */
  readonly owner?: string;
  readonly creator?: string;
  readonly allocation: Resources;
  readonly usage?: Resources;
  readonly elapsedSeconds?: number;
  /** How long it has been pending. */
  readonly waitingSeconds?: number;
  /** What the last plan says of it while it is pending: when it starts if nothing is done, and once that is applied. */
  readonly outlook?: {
    readonly starts?: Start;
    readonly withPlan?: Start;
    readonly why: string;
    readonly help: string;
  };
  /** Absent for a task that never ends by itself. */
  readonly runtime?: Band;
  /** What it still runs; absent while it does not run. */
  readonly left?: Band;
  readonly basis?: string;
  /** "median of the last 5 runs: right 79 of 100 times so far (214 of these tasks checked)" */
  readonly trackRecord?: string;
  /** What the baselines say: "baselines: asked for 1 d, last 2 runs 2 h, …" */
  readonly beside?: string;
  readonly endless: boolean;
  readonly infrastructure: boolean;
  /** Per action: '' when it can be done, else why not. */
  readonly actions: Readonly<Record<Action, string>>;
  /** The `kubectl` line by which its user can move it where we cannot. */
  readonly byHand?: string;
  readonly resize?: string;
  readonly problems: readonly string[];
};

/** Short, since a side bar is narrow: "25 % GPU free · empty in 1 h". */
export function describeNodeShort(node: NodeFacts): string {
  return nodeParts(node).join(' · ');
}

/** The same for a screen reader. */
export function describeNode(node: NodeFacts): string {
  return [`node ${node.name}`, ...nodeParts(node)].join(', ');
}

function nodeParts(node: NodeFacts): string[] {
  return [...stateParts(node), freeText(node), describeAvailable(node)];
}

export function nodeDetails(node: NodeFacts): string[] {
  return [
    node.name,
    `free: ${amounts(node.free)} of ${amounts(node.total)}`,
    usageText(node),
    node.available === 'empty' ? describeAvailable(node) : `${describeAvailable(node)} (${node.source})`,
    ...(node.deadline ? [describeDeadline(node.deadline.source)] : []),
    counted(node.tasks, 'task'),
  ];
}

function stateParts({ state }: NodeFacts): string[] {
  switch (state) {
    case 'ready':
      return [];
    case 'notReady':
      return ['not ready'];
    case 'unschedulable':
      return ['cordoned'];
  }
}

/** Until when tasks are on a node: "empty in 17 h", "never empty". */
function describeAvailable({ available, availableSeconds }: NodeFacts): string {
  const time = duration(availableSeconds);
  switch (available) {
    case 'empty':
      return 'empty';
    case 'never':
      return 'never empty';
    case 'emptyIn':
      return `empty in ${time}`;
    case 'atLeast':
      return `in use for ${time} or longer`;
    case 'endsIn':
      return `ends in ${time}`;
    case 'freeFor':
      return `free for ${time}`;
  }
}

/** "usage: 41 % of CPU, 30 % of memory" */
function usageText({ usage, total }: NodeFacts): string {
  if (!usage) return 'usage: no readings';
  const used = resourceNames(usage).filter((name) => amountOf(total, name) > 0);
  const shares = used.map(
    (name) => `${percent(amountOf(usage, name) / amountOf(total, name))} of ${resourceTitle(name)}`,
  );
  return `usage: ${shares.length > 0 ? shares.join(', ') : 'nothing'}`;
}

/** "25 % GPU free"; "100 % GPU, 4 % CPU free" where CPU or memory is what runs out first. */
function freeText({ total, free }: NodeFacts): string {
  const main = dominantResource(total, subtractResources(total, free));
  const shareOf = (name: ResourceName) =>
    amountOf(total, name) > 0 ? amountOf(free, name) / amountOf(total, name) : 1;
  const shares = (['milliCpu', 'memoryBytes'] as const).map((name) => ({ name, share: shareOf(name) }));
  const [scarcest] = shares.filter(({ name }) => name !== main).sort((left, right) => left.share - right.share);
  const text = (name: ResourceName) => `${percent(shareOf(name))} ${resourceTitle(name)}`;
  const parts = scarcest && scarcest.share < shareOf(main) ? [main, scarcest.name] : [main];
  return amountOf(total, main) > 0 ? `${parts.map(text).join(', ')} free` : `no ${resourceTitle(main)}`;
}

/** The median first: what is cut off at the edge is its band. */
export function describeTaskShort(task: TaskFacts): string {
  return taskParts(task).join(' · ');
}

/** The same for a screen reader. */
export function describeTask(name: string, task: TaskFacts): string {
  return [`task ${name}`, task.kind, ...taskParts(task)].join(', ');
}

function taskParts(task: TaskFacts): string[] {
  if (task.infrastructure) return ['belongs to its node'];
  if (task.kind === 'pending') return pendingParts(task);
  const left = task.left ? describeLeft(task.left) : NO_PREDICTION;
  const resize = task.resize === undefined ? [] : [resizeState(task.resize)];
  return [...resize, task.endless ? 'runs until stopped' : left];
}

/** When it starts, once a plan knows; how long it would run before. */
function pendingParts({ outlook, endless, runtime }: TaskFacts): string[] {
  const { starts, withPlan } = outlook ?? {};
  if (starts) return [describeStarts(starts), ...planParts(starts, withPlan)];
  if (endless) return ['runs until stopped'];
  return [runtime ? `runs ${namedBand(runtime, duration)}` : NO_PREDICTION];
}

/** What the plan changes about a start; nothing where both are said alike. */
function planParts(starts: Start, withPlan: Start | undefined): string[] {
  if (!withPlan || isSameStart(withPlan, starts)) return [];
  return [`with the plan ${describeStarts(withPlan)}`];
}

const NO_PREDICTION = 'no prediction';

/** Actions that could ever be done to a task as it is now. */
const ACTIONS: Readonly<Record<TaskFacts['kind'], readonly Action[]>> = {
  pending: ['place'],
  running: ['resize', 'migrate'],
  ending: [],
};

export function taskDetails(task: TaskFacts): string[] {
  const { node, owner, creator, usage, elapsedSeconds, runtime, left, basis, beside, trackRecord, byHand } = task;
  const pending = task.kind === 'pending';
  return [
    task.id,
    node === undefined ? task.kind : `${task.kind} on ${node}`,
    ...(owner === undefined ? [] : [`owner: ${owner}`]),
    ...(creator === undefined ? [] : [`creator: ${creator}`]),
    `${pending ? 'asks for' : 'holds'}: ${amounts(task.allocation)}`,
    ...waitDetails(task),
    ...(usage ? [`uses: ${amounts(usage)}`] : []),
    ...(elapsedSeconds === undefined ? [] : [`has run: ${duration(elapsedSeconds)}`]),
    ...(runtime ? [`predicted runtime: ${namedBand(runtime, duration)}`] : []),
    ...(left ? [`predicted remaining: ${namedBand(left, duration)}`] : []),
    ...(basis === undefined ? [] : [`stands on: ${basis}`]),
    ...(beside === undefined ? [] : [beside]),
    ...(trackRecord === undefined ? [] : [`track record: ${trackRecord}`]),
    ...ACTIONS[task.kind].flatMap((action) => {
      const why = task.actions[action];
      return why === '' ? [] : [describeWhyNot(action, why)];
    }),
    ...(byHand === undefined ? [] : [`by hand: ${byHand}`]),
    ...task.problems,
  ];
}

/** How long a pending task has waited; once there is a plan, when it starts, why it waits, and what helps. */
function waitDetails({ waitingSeconds, outlook }: TaskFacts): string[] {
  const { starts, withPlan, why, help } = outlook ?? {};
  return [
    ...(waitingSeconds === undefined ? [] : [`has waited: ${duration(waitingSeconds)}`]),
    ...(starts ? [`if nothing is done: ${describeStarts(starts)}`] : []),
    ...(withPlan ? [`with the plan: ${describeStarts(withPlan)}`] : []),
    ...(why === undefined ? [] : [`why it waits: ${why}`]),
    ...(help === undefined ? [] : [`what helps: ${help}`]),
  ];
}

/** Above the tasks that pass a filter: "3 of 1,204 tasks: train pending". */
export function describeFiltered(passing: number, of: number, filter: string): string {
  return `${passing === 0 ? 'None' : number(passing)} of ${counted(of, 'task')}: ${filter}`;
}

/** Why a tree of an open cluster is empty. */
export function describeNone(what: 'node' | 'task', problems: readonly string[]): string {
  if (what === 'node') {
    return problems.length === 0
      ? 'The cluster has no nodes.'
      : 'No node can be seen: the notes above the nodes say why.';
  }
  return problems.length === 0
    ? 'The cluster has no tasks.'
    : 'No task can be seen: the notes above the nodes say why.';
}
