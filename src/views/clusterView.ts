import type { NodeDeadline } from '../core/model/node.ts';
import { addResources, amountOf, dominantResource, NO_RESOURCES, type Resources } from '../core/model/resources.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Action, Snapshot } from '../core/model/snapshot.ts';
import type { Task } from '../core/model/task.ts';
import { type AvailableTime, availableTimes, remainingTime, type TimeBand } from '../core/place/availableTime.ts';
import { clusterRoom, type NodeRoom } from '../core/place/room.ts';
import { quantile } from '../core/predict/distribution.ts';
import type { Predictions, RuntimePrediction } from '../core/predict/prediction.ts';
import { describeBeside, describeHeld } from '../sentences.ts';

/** What the trees show of a cluster: plain rows, made off the editor's thread. */
export type ClusterView = {
  readonly cluster: string;
  readonly takenAtSeconds: number;
  readonly nodes: readonly NodeRow[];
  readonly tasks: readonly TaskRow[];
  /** Refused everywhere, in words, by action. */
  readonly refused: Readonly<Partial<Record<Action, string>>>;
  readonly problems: readonly string[];
  /** Predictor in use and what it was made from. */
  readonly predictor: string;
};

export type NodeRow = {
  readonly name: string;
  readonly total: Resources;
  readonly free: Resources;
  /** Mean usage of its tasks over its allocatable amount, dominant resource; absent where there are no readings. */
  readonly usageFraction?: number;
  readonly available: { readonly seconds: number; readonly source: string };
  readonly deadline?: NodeDeadline;
  readonly state: 'ready' | 'notReady' | 'unschedulable';
  readonly taskIds: readonly string[];
};

export type TaskRow = {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'pending' | 'running' | 'ending';
  readonly node?: string;
  /** `Job train-resnet`; absent for a bare task. */
  readonly owner?: string;
  /** `Job train-resnet` without its generated suffix: what its runs have in common. */
  readonly recurring?: string;
  readonly creator?: string;
  readonly allocation: Resources;
  readonly usage?: Resources;
  readonly elapsedSeconds?: number;
  /** Absent for a task that never ends by itself. */
  readonly runtime?: Band;
  readonly remaining?: Band;
  readonly basis?: string;
  /** "med5: 79 % of 214 outcomes of these tasks were inside the 80 % band" */
  readonly trackRecord?: string;
  /** What the baselines say: "request 1 d, last2 2 h, med5 …" */
  readonly beside?: string;
  readonly endless: boolean;
  readonly infrastructure: boolean;
  /** Per action: '' when it can be done, else why not. */
  readonly actions: Readonly<Record<Action, string>>;
  readonly resize?: string;
  readonly problems: readonly string[];
};

/** Seconds at 10 %, 50 % and 90 %. */
export type Band = { readonly low: number; readonly median: number; readonly high: number };

/** The rows of a snapshot, nodes in the order of their names. @param predictor in words: what predicts, and from what */
export function clusterView(
  snapshot: Snapshot,
  predictions: Predictions,
  settings: Settings,
  predictor: string,
): ClusterView {
  const { cluster, takenAtSeconds, problems } = snapshot;
  const room = clusterRoom(snapshot);
  const times = availableTimes(room, predictions, settings, takenAtSeconds);
  return {
    cluster,
    takenAtSeconds,
    problems,
    predictor,
    nodes: room.nodes.map((held, index) => nodeRow(held, times[index]!, snapshot)),
    tasks: snapshot.tasks.map((task) => taskRow(task, predictions[task.id], snapshot, settings)),
    refused: refusedEverywhere(snapshot),
  };
}

function nodeRow({ node, free, tasks }: NodeRoom, time: AvailableTime, { usage }: Snapshot): NodeRow {
  const readings = tasks.map(({ id }) => usage[id]?.mean).filter((mean) => mean !== undefined);
  const used = readings.reduce(addResources, NO_RESOURCES);
  const main = dominantResource(node.allocatable, used);
  return {
    name: node.name,
    total: node.allocatable,
    free,
    ...(readings.length > 0 && { usageFraction: amountOf(used, main) / Math.max(1, amountOf(node.allocatable, main)) }),
    available: { seconds: time.seconds, source: SOURCES[time.source] },
    ...(node.deadline && { deadline: node.deadline }),
    state: !node.ready ? 'notReady' : node.unschedulable ? 'unschedulable' : 'ready',
    taskIds: tasks.map(({ id }) => id),
  };
}

/** Ends "19 h …": where an available time comes from. */
const SOURCES: Readonly<Record<AvailableTime['source'], string>> = {
  exit: 'until its last task ends',
  deadline: 'until the node ends',
  turnover: 'by turnover',
  derived: 'from its amounts',
  horizon: 'planned ahead, nothing ends it',
};

function taskRow(
  task: Task,
  prediction: RuntimePrediction | undefined,
  snapshot: Snapshot,
  settings: Settings,
): TaskRow {
  const { takenAtSeconds, usage } = snapshot;
  const running = task.startedAtSeconds !== undefined && task.phase !== 'pending';
  return {
    id: task.id,
    namespace: task.namespace,
    name: task.name,
    kind: task.phase,
    ...(task.node !== undefined && { node: task.node }),
    ...(task.owner && { owner: `${task.owner.kind} ${task.owner.name}` }),
    ...(task.owner && { recurring: `${task.owner.kind} ${task.parameters.name ?? task.owner.name}` }),
    ...(task.parameters.creator !== undefined && { creator: task.parameters.creator }),
    allocation: task.allocation,
    ...(usage[task.id] && { usage: usage[task.id]!.mean }),
    ...(running && { elapsedSeconds: Math.max(0, takenAtSeconds - task.startedAtSeconds!) }),
    ...(prediction && !task.endless && { runtime: runtimeBand(prediction), basis: prediction.basis }),
    ...(prediction &&
      running &&
      !task.endless && {
        remaining: named(remainingTime(task, prediction, settings.planningHorizonSeconds, takenAtSeconds)),
      }),
    ...(prediction?.coverage && {
      trackRecord: `${prediction.predictor}: ${describeHeld(prediction.coverage)}`,
    }),
    ...(prediction?.beside && !task.endless && { beside: describeBeside(prediction.beside) }),
    endless: task.endless,
    infrastructure: task.infrastructure,
    actions: {
      place: whyNotPlaced(task) || (refusal(snapshot, 'place', task.namespace) ?? ''),
      resize: whyNotResized(task) || (refusal(snapshot, 'resize', task.namespace) ?? ''),
      migrate: whyNotMigrated(task) || (refusal(snapshot, 'migrate', task.namespace) ?? ''),
    },
    ...(task.resizeState && { resize: task.resizeState.kind }),
    problems: task.problems,
  };
}

function whyNotPlaced(task: Task): string {
  if (task.phase !== 'pending') return 'it runs already';
  return task.gated ? '' : 'it has no scheduling gate of Stowage, so where it goes cannot be chosen any more';
}

function whyNotResized(task: Task): string {
  if (task.phase !== 'running') return 'it does not run';
  if (task.infrastructure) return 'it belongs to the node';
  return task.qosClass === 'BestEffort' ? 'a BestEffort task has no request to change' : '';
}

function whyNotMigrated(task: Task): string {
  if (task.phase !== 'running') return 'it does not run';
  if (task.infrastructure) return 'it belongs to the node';
  return task.owner?.kind === 'Job'
    ? ''
    : `only a Job can be stopped and resumed elsewhere; this is ${task.owner?.kind ?? 'a bare task'}`;
}

function refusal({ rights }: Snapshot, action: Action, namespace: string): string | undefined {
  return rights[action]?.['*'] ?? rights[action]?.[namespace];
}

function refusedEverywhere({ rights }: Snapshot): Partial<Record<Action, string>> {
  const refused: Partial<Record<Action, string>> = {};
  for (const action of ['place', 'resize', 'migrate'] as const) {
    const why = rights[action]?.['*'];
    if (why !== undefined) refused[action] = why;
  }
  return refused;
}

function runtimeBand({ runtime }: RuntimePrediction): Band {
  return { low: quantile(runtime, 0.1), median: quantile(runtime, 0.5), high: quantile(runtime, 0.9) };
}

function named({ p10, p50, p90 }: TimeBand): Band {
  return { low: p10, median: p50, high: p90 };
}
