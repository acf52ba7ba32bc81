import type { Fleet, GpuMask } from '../fleet/fleet.ts';
import { simulationStart } from '../fleet/fromSnapshot.ts';
import type { ExpectedMix } from '../fragment/mix.ts';
import type { Node } from '../model/node.ts';
import { byQueue } from '../model/queue.ts';
import { amountOf } from '../model/resources.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { probabilityEndedBy, QUANTILE_LEVELS } from '../predict/distribution.ts';
import type { Predictions, RuntimePrediction } from '../predict/prediction.ts';
import type { Arrivals } from './arrivals.ts';
import { type Kind, type KindTable, kindTable } from './kinds.ts';

/**
 * What all samples of a scenario's future share. Nodes are those that take tasks (ready, not cordoned), numbered.
 * Beside the fleet's CPU, memory and GPUs stand the `extra` columns: places for tasks (`maxTasks`), then every extended
 * resource.
 */
export type FutureStart = {
  readonly fleet: Fleet;
  readonly extraNames: readonly string[];
  /** Free amount of column c on node n at n × columns + c. */
  readonly extraFree: Float64Array;
  /** 1 ÷ a node's CPU, and ÷ its memory; 0 for a node without. */
  readonly perMilliCpu: Float64Array;
  readonly perByte: Float64Array;
  /** Kinds of tasks, of those that arrive, wait and run; numbered. */
  readonly kinds: readonly Kind[];
  readonly leaving: Leaving;
  /** First first. */
  readonly nodeEnds: readonly NodeEnd[];
  readonly waiting: readonly Waiting[];
  /** Numbers of the kinds that arrive, beside `arrivals.kinds`. */
  readonly arrivalKinds: readonly number[];
  readonly arrivals: Arrivals;
  readonly mix: ExpectedMix;
};

/**
 * The running tasks that will leave, in the snapshot's order, column by column: those that end by themselves, and those
 * whose node ends.
 */
export type Leaving = {
  readonly count: number;
  /** Tells a task's draws from all others', in every scenario alike. */
  readonly drawKey: Int32Array;
  /** As in `NodeEnd`. */
  readonly node: Int32Array;
  readonly kind: Int32Array;
  readonly gpus: Int32Array;
  /** 1 for a task that is being ended already. */
  readonly ending: Uint8Array;
  /** Runtimes as `QUANTILE_LEVELS.length` seconds a task; NaN where nothing is known. */
  readonly runtimes: Float64Array;
  readonly elapsedSeconds: Float64Array;
  /** P(it had ended by this age): where draws begin. */
  readonly ended: Float64Array;
  /** From now. */
  readonly limitSeconds: Float64Array;
  /** What a task asks for when its node ends and it begins again; −1 where it will not. */
  readonly againKind: Int32Array;
};

/**
 * The end of a node that somebody announced: it and all it holds are gone then. Numbers beyond the fleet are of nodes
 * that take no tasks.
 */
export type NodeEnd = {
  readonly inSeconds: number;
  readonly node: number;
  /** A node that was leased for a time comes back, empty. */
  readonly renewed: boolean;
};

/** A pending task. */
export type Waiting = {
  readonly id: string;
  readonly drawKey: number;
  readonly kind: number;
  /** It stays behind its scheduling gate: whatever ends, it waits. */
  readonly gated: boolean;
  readonly prediction: RuntimePrediction | undefined;
  readonly endless: boolean;
  readonly limitSeconds: number;
};

/**
 * Numbers a snapshot for sampling. Rules between tasks (affinity, spread, host ports) are followed for now, in the
 * plan, not in futures; all rules between a task and a node are. A running task of which nothing is known stays.
 */
export function futureStart(
  snapshot: Snapshot,
  predictions: Predictions,
  arrivals: Arrivals,
  settings: Settings,
  mix: ExpectedMix,
): FutureStart {
  const usable = { ...snapshot, nodes: snapshot.nodes.filter(takesTasks) };
  // A node whose end is announced is often cordoned by then: nothing free on it counts, but its tasks begin again
  // elsewhere.
  const closed = snapshot.nodes.filter((node) => node.deadline && !takesTasks(node));
  const { fleet, bound } = simulationStart(usable);
  const extraNames = ['tasks', ...extendedNames(usable)];
  const kinds = kindTable(usable, fleet, extraNames);
  const nodeEnds = nodeEndsOf([...usable.nodes, ...closed], usable.nodes.length, snapshot.takenAtSeconds);
  const kindAgain = kindAgainOn(nodeEnds, kinds);
  const held = bound
    .toSorted((left, right) => left.task.id - right.task.id)
    .map(({ task: { id, classNumber, memoryBytes }, node, gpus }): HeldTask => {
      const task = usable.tasks[id]!;
      const kind = kinds.ofHeld(task, classNumber, memoryBytes);
      return { task, node, kind, gpus, againKind: kindAgain(task, node) };
    });
  const onClosed = tasksOnClosed(snapshot.tasks, closed, usable.nodes.length, kindAgain);
  const leaving = [...held, ...onClosed].flatMap((each): LeavingTask[] => {
    const end = endingOf(each.task, predictions[each.task.id], snapshot.takenAtSeconds, settings);
    return end || each.againKind >= 0 ? [{ ...(end ?? STAYING), ...each }] : [];
  });
  return {
    fleet,
    extraNames,
    extraFree: extraFreeOf(usable.nodes, extraNames, held, kinds.list),
    perMilliCpu: Float64Array.from(usable.nodes, ({ allocatable }) => inverse(allocatable.milliCpu)),
    perByte: Float64Array.from(usable.nodes, ({ allocatable }) => inverse(allocatable.memoryBytes)),
    leaving: columnsOf(leaving),
    nodeEnds,
    waiting: waitingOf(usable.tasks, predictions, kinds),
    arrivalKinds: arrivals.kinds.map(({ request, gpuCount }) => kinds.ofArrival(request, gpuCount)),
    kinds: kinds.list,
    arrivals,
    mix,
  };
}

function takesTasks({ ready, unschedulable }: Node): boolean {
  return ready && !unschedulable;
}

/** What a task asks for once its node has ended; −1 where the node does not end, or the task does not begin again. */
type KindAgain = (task: Task, node: number) => number;

function kindAgainOn(nodeEnds: readonly NodeEnd[], kinds: KindTable): KindAgain {
  const endingNodes = new Set(nodeEnds.map(({ node }) => node));
  return (task, node) =>
    endingNodes.has(node) && !task.infrastructure && task.phase !== 'ending' ? kinds.ofPending(task) : -1;
}

/** Tasks of nodes that take none and will end, as far as they begin again. */
function tasksOnClosed(
  tasks: readonly Task[],
  closed: readonly Node[],
  usable: number,
  kindAgain: KindAgain,
): HeldTask[] {
  const numbers = new Map(closed.map(({ name }, index) => [name, usable + index]));
  return tasks.flatMap((task) => {
    const node = numbers.get(task.node ?? '');
    if (node === undefined) return [];
    const againKind = kindAgain(task, node);
    return againKind < 0 ? [] : [{ task, node, kind: againKind, gpus: 0, againKind }];
  });
}

/** Places for tasks and extended resources that are free, as `FutureStart.extraFree`. */
function extraFreeOf(
  nodes: readonly Node[],
  extraNames: readonly string[],
  held: readonly HeldTask[],
  kinds: readonly Kind[],
): Float64Array {
  const columns = extraNames.length;
  const free = new Float64Array(nodes.length * columns);
  nodes.forEach(({ maxTasks, allocatable }, node) => {
    extraNames.forEach((name, column) => {
      free[node * columns + column] = column === 0 ? maxTasks : amountOf(allocatable, name);
    });
  });
  for (const { node, kind } of held) {
    const { extra } = kinds[kind]!;
    for (let column = 0; column < columns; column++) free[node * columns + column]! -= extra[column]!;
  }
  return free;
}

function waitingOf(tasks: readonly Task[], predictions: Predictions, kinds: KindTable): Waiting[] {
  return tasks
    .filter(({ phase, node }) => phase === 'pending' && node === undefined)
    .sort(byQueue)
    .map((task) => ({
      id: task.id,
      drawKey: hashOf(task.id),
      kind: kinds.ofPending(task),
      gated: task.gated,
      prediction: predictions[task.id],
      endless: task.endless,
      limitSeconds: task.runtimeLimitSeconds ?? Number.POSITIVE_INFINITY,
    }));
}

/** A task that holds capacity, or did on a node that takes no tasks. */
type HeldTask = {
  readonly task: Task;
  readonly node: number;
  readonly kind: number;
  readonly gpus: GpuMask;
  readonly againKind: number;
};

/** A row of `Leaving`. */
type LeavingTask = ExpectedEnd & HeldTask;

/** What is known of a running task's end. */
type ExpectedEnd = {
  readonly ending: boolean;
  readonly prediction: RuntimePrediction | undefined;
  readonly elapsedSeconds: number;
  readonly limitSeconds: number;
};

const STAYING: ExpectedEnd = {
  ending: false,
  prediction: undefined,
  elapsedSeconds: 0,
  limitSeconds: Number.POSITIVE_INFINITY,
};

/** Undefined for a task that stays: an endless one, infrastructure, or one of which nothing is known. */
function endingOf(
  task: Task,
  prediction: RuntimePrediction | undefined,
  nowSeconds: number,
  settings: Settings,
): ExpectedEnd | undefined {
  const limited = task.runtimeLimitSeconds !== undefined;
  const ending = task.phase === 'ending';
  if (!ending && !limited && (task.endless || task.infrastructure || !prediction)) return undefined;
  // A migrated task may start a little later than now: its age is negative until then, and its end moves by as much.
  const elapsedSeconds = nowSeconds - (task.startedAtSeconds ?? nowSeconds);
  return {
    ending,
    prediction: task.endless ? undefined : prediction,
    elapsedSeconds,
    limitSeconds: limited ? task.runtimeLimitSeconds! - elapsedSeconds : settings.planningHorizonSeconds,
  };
}

function columnsOf(tasks: readonly LeavingTask[]): Leaving {
  const runtimes = new Float64Array(tasks.length * QUANTILE_LEVELS.length).fill(Number.NaN);
  tasks.forEach(({ prediction }, row) => {
    if (prediction) runtimes.set(prediction.runtime.seconds, row * QUANTILE_LEVELS.length);
  });
  return {
    count: tasks.length,
    drawKey: Int32Array.from(tasks, ({ task }) => hashOf(task.id)),
    node: Int32Array.from(tasks, ({ node }) => node),
    kind: Int32Array.from(tasks, ({ kind }) => kind),
    gpus: Int32Array.from(tasks, ({ gpus }) => gpus),
    ending: Uint8Array.from(tasks, ({ ending }) => (ending ? 1 : 0)),
    runtimes,
    elapsedSeconds: Float64Array.from(tasks, ({ elapsedSeconds }) => elapsedSeconds),
    ended: Float64Array.from(tasks, ({ prediction, elapsedSeconds }) =>
      prediction ? probabilityEndedBy(prediction.runtime, Math.max(0, elapsedSeconds)) : 0,
    ),
    limitSeconds: Float64Array.from(tasks, ({ limitSeconds }) => limitSeconds),
    againKind: Int32Array.from(tasks, ({ againKind }) => againKind),
  };
}

/**
 * When nodes end, by their deadlines. A lifetime that runs out (`expiry`) ends this node, not its place in the cluster:
 * whoever gave it that lifetime gives the next one. Any other end takes the node away for good, since nobody says when
 * it returns.
 */
function nodeEndsOf(nodes: readonly Node[], usable: number, nowSeconds: number): NodeEnd[] {
  return nodes
    .flatMap(({ deadline }, node) => {
      if (!deadline) return [];
      const inSeconds = Math.max(0, deadline.atSeconds - nowSeconds);
      return [{ inSeconds, node, renewed: deadline.source === 'expiry' && node < usable }];
    })
    .sort((left, right) => left.inSeconds - right.inSeconds);
}

function inverse(amount: number): number {
  return amount > 0 ? 1 / amount : 0;
}

/** FNV-1a of a text, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash | 0;
}

function extendedNames({ nodes }: Snapshot): string[] {
  return [...new Set(nodes.flatMap(({ allocatable }) => Object.keys(allocatable.extended)))].sort();
}
