import type { Band } from '../core/model/band.ts';
import type { NodeDeadline } from '../core/model/node.ts';
import { amountOf, dominantResource, type Resources, subtractResources } from '../core/model/resources.ts';
import type { Action } from '../core/model/snapshot.ts';
import { describeWhyNot } from './action.ts';
import { amounts, counted, duration, namedBand, percent, resourceTitle } from './format.ts';
import { describeDeadline } from './placement.ts';
import { describeLeft } from './prediction.ts';
import { resizeState } from './resize.ts';

/** Every sentence about a node or a task as it is now, for a row of a tree: short, in full, and line by line. */

/** What is told of a node; times are from now. */
export type NodeFacts = {
  readonly name: string;
  readonly total: Resources;
  readonly free: Resources;
  readonly usageFraction?: number;
  readonly availableSeconds: number;
  /** Where the available time comes from. */
  readonly source: string;
  readonly deadline?: NodeDeadline;
  readonly state: 'ready' | 'notReady' | 'unschedulable';
  readonly tasks: number;
};

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
  /** Absent for a task that never ends by itself. */
  readonly runtime?: Band;
  /** What it still runs; absent while it does not run. */
  readonly left?: Band;
  readonly basis?: string;
  /** "med5: 79 % of 214 outcomes of these tasks were inside the 80 % band" */
  readonly trackRecord?: string;
  /** What the baselines say: "request 1 d, last2 2 h, med5 …" */
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

/** Short, since a side bar is narrow: "25 % GPU free · 1 h · 41 % used". */
export function describeNodeShort(node: NodeFacts): string {
  return [...stateParts(node), freeText(node), duration(node.availableSeconds), ...usedParts(node)].join(' · ');
}

/** The same in full, for a screen reader. */
export function describeNode(node: NodeFacts): string {
  const available = `${duration(node.availableSeconds)} ${node.source}`;
  const parts = [`node ${node.name}`, ...stateParts(node), freeText(node), available, ...usedParts(node)];
  return [...parts, counted(node.tasks, 'task')].join(', ');
}

export function nodeDetails(node: NodeFacts): string[] {
  return [
    node.name,
    `free: ${amounts(node.free)} of ${amounts(node.total)}`,
    node.usageFraction === undefined
      ? 'usage: no readings'
      : `usage: ${percent(node.usageFraction)} of its main resource`,
    `available time: ${duration(node.availableSeconds)} (${node.source})`,
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

function usedParts({ usageFraction }: NodeFacts): string[] {
  return usageFraction === undefined ? [] : [`${percent(usageFraction)} used`];
}

function freeText({ total, free }: NodeFacts): string {
  const main = dominantResource(total, subtractResources(total, free));
  const all = amountOf(total, main);
  return `${all > 0 ? percent(amountOf(free, main) / all) : '—'} ${resourceTitle(main)} free`;
}

/** The median first: what is cut off at the edge is its band. */
export function describeTaskShort(task: TaskFacts): string {
  const fixed = withoutRuntime(task);
  if (fixed !== undefined) return fixed;
  if (task.kind === 'pending') return task.runtime ? namedBand(task.runtime, duration) : NO_PREDICTION;
  const left = task.left ? describeLeft(task.left) : NO_PREDICTION;
  return task.resize === undefined ? left : `${resizeState(task.resize)} · ${left}`;
}

/** The same in full, for a screen reader. */
export function describeTask(name: string, task: TaskFacts): string {
  return `task ${name}, ${task.kind}, ${taskSentence(task)}`;
}

function taskSentence(task: TaskFacts): string {
  const fixed = withoutRuntime(task);
  if (fixed !== undefined) return fixed;
  if (task.kind === 'pending') return task.runtime ? `would run ${namedBand(task.runtime, duration)}` : NO_PREDICTION;
  const left = task.left ? describeLeft(task.left) : NO_PREDICTION;
  return task.resize === undefined ? left : `${left}, ${resizeState(task.resize)}`;
}

const NO_PREDICTION = 'no prediction';

function withoutRuntime({ infrastructure, endless }: TaskFacts): string | undefined {
  if (infrastructure) return 'belongs to its node';
  return endless ? 'runs until stopped' : undefined;
}

export function taskDetails(task: TaskFacts): string[] {
  const { node, owner, creator, usage, elapsedSeconds, runtime, left, basis, beside, trackRecord, byHand } = task;
  return [
    task.id,
    node === undefined ? task.kind : `${task.kind} on ${node}`,
    ...(owner === undefined ? [] : [`owner: ${owner}`]),
    ...(creator === undefined ? [] : [`creator: ${creator}`]),
    `holds: ${amounts(task.allocation)}`,
    ...(usage ? [`uses: ${amounts(usage)}`] : []),
    ...(elapsedSeconds === undefined ? [] : [`has run: ${duration(elapsedSeconds)}`]),
    ...(runtime ? [`predicted runtime: ${namedBand(runtime, duration)}`] : []),
    ...(left ? [`predicted remaining: ${namedBand(left, duration)}`] : []),
    ...(basis === undefined ? [] : [`stands on: ${basis}`]),
    ...(beside === undefined ? [] : [beside]),
    ...(trackRecord === undefined ? [] : [`track record: ${trackRecord}`]),
    ...(['place', 'resize', 'migrate'] as const).flatMap((action) => {
      const why = task.actions[action];
      return why === '' ? [] : [describeWhyNot(action, why)];
    }),
    ...(byHand === undefined ? [] : [`by hand: ${byHand}`]),
    ...task.problems,
  ];
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
