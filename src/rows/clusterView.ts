import type { Band } from '../core/model/band.ts';
import type { Node, NodeDeadline } from '../core/model/node.ts';
import { type Resources, sumResources } from '../core/model/resources.ts';
import { missingEverywhere } from '../core/model/rights.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Action, Snapshot } from '../core/model/snapshot.ts';
import type { Task } from '../core/model/task.ts';
import { type AvailableTime, availableTime, remainingTime } from '../core/place/availableTime.ts';
import { type NodeCapacity, nodeCapacity } from '../core/place/capacity.ts';
import { quantile } from '../core/predict/distribution.ts';
import type { Predictions, RuntimePrediction } from '../core/predict/prediction.ts';
import { whyNot } from '../text/action.ts';
import { describeSource } from '../text/placement.ts';
import { describeBasis, describeBeside, describeHeld } from '../text/prediction.ts';
import { describeProblem } from '../text/problem.ts';
import type { AvailableKind, TaskFacts } from '../text/tree.ts';
import { readerZone } from '../text/zone.ts';
import { moveLine } from './kubectl.ts';
import type { Outlook } from './outlook.ts';

/** What the trees show of a cluster: plain rows, made off the editor's thread. */
export type ClusterView = ViewHead & {
  /** In the order of their names. */
  readonly nodes: readonly NodeRow[];
  /** In the order of their ids. */
  readonly tasks: readonly TaskRow[];
};

/** What stands above the rows. */
export type ViewHead = {
  readonly cluster: string;
  /** By the cluster's own clock; the rows' moments are told from here. */
  readonly takenAtSeconds: number;
  /** The right that is missing everywhere, by action. */
  readonly refused: Readonly<Partial<Record<Action, string>>>;
  readonly problems: readonly string[];
  /** Predictor in use and what it was made from. */
  readonly predictor: string;
};

export type NodeRow = {
  readonly name: string;
  readonly total: Resources;
  readonly free: Resources;
  /** Mean usage of its tasks together; absent where there are no readings. */
  readonly usage?: Resources;
  readonly available: Available;
  readonly deadline?: NodeDeadline;
  readonly state: 'ready' | 'notReady' | 'unschedulable';
  readonly taskIds: readonly string[];
};

/** How long what is free can run: until a moment (epoch seconds) that comes nearer, or for as long whenever it starts. */
export type Available = { readonly kind: AvailableKind; readonly source: string } & (
  | { readonly untilSeconds: number }
  | { readonly forSeconds: number }
);

/** A row holds no passing time, so that it stays the same while nothing of its task changes: moments stand for times. */
export type TaskRow = Omit<TaskFacts, 'elapsedSeconds' | 'waitingSeconds' | 'left' | 'outlook'> & {
  readonly namespace: string;
  readonly name: string;
  /** `Job train-resnet` without its generated suffix: what its runs have in common. */
  readonly recurring?: string;
  readonly startedAtSeconds?: number;
  /** Since when it waits; only of a pending task. */
  readonly waitsSinceSeconds?: number;
  /** What the last plan says of it; only of a pending task. */
  readonly outlook?: Outlook;
  /** When it ends, in epoch seconds, given its age when the row was made; absent while it does not run. */
  readonly ends?: Band;
};

/**
 * The rows of a snapshot.
 * @param predictor in words: what predicts, and from what
 * @param known rows of earlier snapshots of the same cluster: rows without a change are the same objects again
 */
export function clusterView(
  snapshot: Snapshot,
  predictions: Predictions,
  settings: Settings,
  predictor: string,
  known = new KnownRows(),
): ClusterView {
  const { cluster, takenAtSeconds, problems } = snapshot;
  const { tasks, nodes } = known.follow(snapshot, predictions, settings);
  return {
    cluster,
    takenAtSeconds,
    problems: problems.map(describeProblem),
    predictor,
    nodes,
    tasks,
    refused: refusedEverywhere(snapshot),
  };
}

/** What the last plan says of pending tasks, by their ids. */
type Outlooks = ReadonlyMap<string, Outlook>;

type Known = {
  readonly zone: string;
  readonly snapshot: Snapshot;
  readonly predictions: Predictions;
  readonly settings: Settings;
  readonly outlooks: Outlooks;
  readonly tasks: readonly TaskRow[];
  readonly nodes: ReadonlyMap<Node, NodeRow>;
};

/** The rows that were made last, with what they were made from; of a large cluster few have to be made again. */
export class KnownRows {
  private last: Known | undefined;
  private outlooks: Outlooks = new Map();

  /** What the rows of pending tasks tell from now on; nothing where there is no plan. */
  expect(outlooks: Outlooks): void {
    this.outlooks = outlooks;
  }

  follow(snapshot: Snapshot, predictions: Predictions, settings: Settings): Pick<ClusterView, 'tasks' | 'nodes'> {
    const last = this.usable(snapshot, settings);
    const before = last?.snapshot.tasks ?? [];
    /** Nodes that have changed, and those with a task whose row has changed or is gone. */
    const touched = new Set(snapshot.nodes.filter((node) => !last?.nodes.has(node)).map(({ name }) => name));
    const touch = ({ node }: Task) => node !== undefined && touched.add(node);
    const { outlooks } = this;
    const holds = ({ id }: Task) =>
      last?.outlooks.get(id) === outlooks.get(id) &&
      (last?.predictions === predictions || last?.predictions[id] === predictions[id]) &&
      last?.snapshot.usage[id] === snapshot.usage[id];
    let at = 0;
    const tasks = snapshot.tasks.map((task) => {
      while (at < before.length && before[at] !== task && before[at]!.id <= task.id) touch(before[at++]!);
      const known = before[at] === task ? last?.tasks[at++] : undefined;
      if (known && holds(task)) return known;
      touch(task);
      const row = taskRow(task, predictions[task.id], snapshot, settings);
      return task.phase === 'pending' ? pendingRow(row, task, outlooks.get(task.id)) : row;
    });
    for (; at < before.length; at += 1) touch(before[at]!);
    const onTouched = Map.groupBy(
      snapshot.tasks.filter(({ node }) => node !== undefined && touched.has(node)),
      ({ node }) => node,
    );
    const nodes = new Map(
      snapshot.nodes.map((node) => {
        const row = touched.has(node.name) ? undefined : last?.nodes.get(node);
        const on = () => onTouched.get(node.name) ?? [];
        return [node, row ?? nodeRow(nodeCapacity(node, on()), predictions, settings, snapshot)];
      }),
    );
    this.last = { zone: readerZone(), snapshot, predictions, settings, outlooks, tasks, nodes };
    return { tasks, nodes: [...nodes.values()] };
  }

  /** Where settings, rights or the reader's zone have changed, every row may be another. */
  private usable({ rights }: Snapshot, settings: Settings): Known | undefined {
    const { last } = this;
    return last?.settings === settings && last.snapshot.rights === rights && last.zone === readerZone()
      ? last
      : undefined;
  }
}

function nodeRow(capacity: NodeCapacity, predictions: Predictions, settings: Settings, snapshot: Snapshot): NodeRow {
  const { node, free, tasks } = capacity;
  const { usage, takenAtSeconds } = snapshot;
  const readings = tasks.map(({ id }) => usage[id]?.mean).filter((mean) => mean !== undefined);
  return {
    name: node.name,
    total: node.allocatable,
    free,
    ...(readings.length > 0 && { usage: sumResources(readings) }),
    available: available(availableTime(capacity, predictions, settings, takenAtSeconds), takenAtSeconds),
    ...(node.deadline && { deadline: node.deadline }),
    state: !node.ready ? 'notReady' : node.unschedulable ? 'unschedulable' : 'ready',
    taskIds: tasks.map(({ id }) => id),
  };
}

function available(time: AvailableTime, nowSeconds: number): Available {
  const kind = kindOf(time);
  const ends = kind === 'emptyIn' || kind === 'endsIn';
  const until = ends ? { untilSeconds: nowSeconds + time.seconds } : { forSeconds: time.seconds };
  return { kind, source: describeSource(time), ...until };
}

function kindOf({ source, seconds, totalSeconds, endless }: AvailableTime): AvailableKind {
  switch (source) {
    case 'exit':
      if (endless !== undefined) return 'never';
      return seconds < totalSeconds ? 'emptyIn' : 'atLeast';
    case 'deadline':
      return 'endsIn';
    case 'horizon':
      return 'empty';
    case 'turnover':
    case 'derived':
      return 'freeFor';
  }
}

function taskRow(
  task: Task,
  prediction: RuntimePrediction | undefined,
  snapshot: Snapshot,
  settings: Settings,
): TaskRow {
  const { takenAtSeconds, usage } = snapshot;
  const byHand = task.phase === 'running' && !task.infrastructure ? moveLine(task) : undefined;
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
    ...(running && { startedAtSeconds: task.startedAtSeconds! }),
    ...(prediction && !task.endless && { runtime: runtimeBand(prediction), basis: describeBasis(prediction.basis) }),
    ...(prediction &&
      running &&
      !task.endless && {
        ends: from(takenAtSeconds, remainingTime(task, prediction, settings.planningHorizonSeconds, takenAtSeconds)),
      }),
    ...(prediction?.coverage && { trackRecord: describeHeld(prediction.predictor, prediction.coverage) }),
    ...(prediction?.beside && !task.endless && { beside: describeBeside(prediction.beside) }),
    endless: task.endless,
    infrastructure: task.infrastructure,
    actions: {
      place: whyNot('place', task, snapshot.rights),
      resize: whyNot('resize', task, snapshot.rights),
      migrate: whyNot('migrate', task, snapshot.rights),
    },
    ...(byHand !== undefined && { byHand }),
    ...(task.resizeState && { resize: task.resizeState.kind }),
    problems: task.problems.map(describeProblem),
  };
}

function pendingRow(row: TaskRow, { createdAtSeconds }: Task, outlook: Outlook | undefined): TaskRow {
  return { ...row, waitsSinceSeconds: createdAtSeconds, ...(outlook && { outlook }) };
}

function refusedEverywhere({ rights }: Snapshot): Partial<Record<Action, string>> {
  const refused: Partial<Record<Action, string>> = {};
  for (const action of ['place', 'resize', 'migrate'] as const) {
    const why = missingEverywhere(rights, action);
    if (why !== undefined) refused[action] = why;
  }
  return refused;
}

function runtimeBand({ runtime }: RuntimePrediction): Band {
  return { p10: quantile(runtime, 0.1), p50: quantile(runtime, 0.5), p90: quantile(runtime, 0.9) };
}

function from(nowSeconds: number, { p10, p50, p90 }: Band): Band {
  return { p10: nowSeconds + p10, p50: nowSeconds + p50, p90: nowSeconds + p90 };
}
