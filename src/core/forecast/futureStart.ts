import { classNumber, type Fleet, type GpuMask } from '../fleet/fleet.ts';
import { simulationStart } from '../fleet/fromSnapshot.ts';
import { classOfRequest, type ExpectedMix } from '../fragment/mix.ts';
import type { Node } from '../model/node.ts';
import { byQueue } from '../model/queue.ts';
import { amountOf, type Resources } from '../model/resources.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { nodeCapacity } from '../place/capacity.ts';
import { nodeFilter } from '../place/filter.ts';
import { untoleratedTaint } from '../place/selectors.ts';
import { probabilityEndedBy, QUANTILE_LEVELS } from '../predict/distribution.ts';
import type { Predictions, RuntimePrediction } from '../predict/prediction.ts';
import { type Arrivals, shapeKey } from './arrivals.ts';

/**
 * What all samples of a scenario's future share. Nodes are those that take tasks (ready, not cordoned), numbered. Beside
 * the fleet's CPU, memory and GPUs stand the `extra` columns: places for tasks (`maxTasks`), then every extended resource.
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

/** A shape of task, with where it may go at all. */
export type Kind = {
  readonly classNumber: number;
  readonly memoryBytes: number;
  readonly extra: Float64Array;
  /** 1 for each node that its constraints admit. */
  readonly admits: Uint8Array;
  readonly admitted: number;
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

/** The end of a node that somebody announced: it and all it holds are gone then. Numbers beyond the fleet are of nodes that take no tasks. */
export type NodeEnd = {
  readonly inSeconds: number;
  readonly node: number;
  /** A node that was leased for a time comes again, empty. */
  readonly renewed: boolean;
};

/** A pending task. */
export type Waiting = {
  readonly id: string;
  readonly drawKey: number;
  readonly kind: number;
  readonly prediction: RuntimePrediction | undefined;
  readonly endless: boolean;
  readonly limitSeconds: number;
};

/**
 * Numbers a snapshot for sampling. Rules between tasks (affinity, spread, host ports) are followed for now, in the plan,
 * not in futures; all rules between a task and a node are. A running task of which nothing is known stays.
 */
export function futureStart(
  snapshot: Snapshot,
  predictions: Predictions,
  arrivals: Arrivals,
  settings: Settings,
  mix: ExpectedMix,
): FutureStart {
  const takesTasks = ({ ready, unschedulable }: Node) => ready && !unschedulable;
  const usable = { ...snapshot, nodes: snapshot.nodes.filter(takesTasks) };
  // A node whose end is announced is often cordoned by then: no room of it counts, but its tasks begin again elsewhere.
  const closed = snapshot.nodes.filter((node) => node.deadline && !takesTasks(node));
  const { fleet, bound } = simulationStart(usable);
  const extraNames = ['tasks', ...extendedNames(usable)];
  const kinds = kindTable(usable, fleet, extraNames);
  const extraFree = new Float64Array(usable.nodes.length * extraNames.length);
  const free = usable.nodes.map(({ maxTasks, allocatable }) => [
    maxTasks,
    ...extraNames.slice(1).map((name) => amountOf(allocatable, name)),
  ]);
  const nodeEnds = nodeEndsOf([...usable.nodes, ...closed], usable.nodes.length, snapshot.takenAtSeconds);
  const endingNodes = new Set(nodeEnds.map(({ node }) => node));
  const kindAgain = (task: Task, node: number) =>
    endingNodes.has(node) && !task.infrastructure && task.phase !== 'ending' ? kinds.ofPending(task) : -1;
  const endOf = (task: Task) => leavingOf(task, predictions[task.id], snapshot.takenAtSeconds, settings);
  const leaving: LeavingTask[] = [];
  for (const { task: held, node, gpus } of [...bound].sort((left, right) => left.task.id - right.task.id)) {
    const task = usable.tasks[held.id]!;
    const kind = kinds.ofHeld(task, held.classNumber, held.memoryBytes);
    kinds.list[kind]!.extra.forEach((amount, column) => {
      free[node]![column]! -= amount;
    });
    const left = endOf(task);
    const againKind = kindAgain(task, node);
    if (left || againKind >= 0) leaving.push({ ...(left ?? STAYING), task, node, kind, gpus, againKind });
  }
  const closedNumbers = new Map(closed.map(({ name }, index) => [name, usable.nodes.length + index]));
  for (const task of snapshot.tasks) {
    const node = closedNumbers.get(task.node ?? '');
    const againKind = node === undefined ? -1 : kindAgain(task, node);
    if (againKind < 0) continue;
    leaving.push({ ...(endOf(task) ?? STAYING), task, node: node!, kind: againKind, gpus: 0, againKind });
  }
  free.forEach((amounts, node) => {
    extraFree.set(amounts, node * extraNames.length);
  });
  const waiting = usable.tasks
    .filter(({ phase, node }) => phase === 'pending' && node === undefined)
    .sort(byQueue)
    .map((task) => ({
      id: task.id,
      drawKey: hashOf(task.id),
      kind: kinds.ofPending(task),
      prediction: predictions[task.id],
      endless: task.endless,
      limitSeconds: task.runtimeLimitSeconds ?? Number.POSITIVE_INFINITY,
    }));
  const arrivalKinds = arrivals.kinds.map(({ request, gpuCount }) => kinds.ofRequest(request, gpuCount));
  return {
    fleet,
    extraNames,
    extraFree,
    perMilliCpu: Float64Array.from(usable.nodes, ({ allocatable }) => inverse(allocatable.milliCpu)),
    perByte: Float64Array.from(usable.nodes, ({ allocatable }) => inverse(allocatable.memoryBytes)),
    kinds: kinds.list,
    leaving: columnsOf(leaving),
    nodeEnds,
    waiting,
    arrivalKinds,
    arrivals,
    mix,
  };
}

/** A row of `Leaving`. */
type LeavingTask = Ending & {
  readonly task: Task;
  readonly node: number;
  readonly kind: number;
  readonly gpus: GpuMask;
  readonly againKind: number;
};

/** What is known of a running task's end. */
type Ending = {
  readonly ending: boolean;
  readonly prediction: RuntimePrediction | undefined;
  readonly elapsedSeconds: number;
  readonly limitSeconds: number;
};

const STAYING: Ending = {
  ending: false,
  prediction: undefined,
  elapsedSeconds: 0,
  limitSeconds: Number.POSITIVE_INFINITY,
};

/** Undefined for a task that stays: an endless one, infrastructure, or one of which nothing is known. */
function leavingOf(
  task: Task,
  prediction: RuntimePrediction | undefined,
  nowSeconds: number,
  settings: Settings,
): Ending | undefined {
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
 * When nodes end, by their deadlines. A lifetime that runs out (`expiry`) ends this node, not its place in the cluster: whoever
 * gave it that lifetime gives the next one. Any other end takes the node away for good, since nobody says when it returns.
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

/** One task of each set of rules, by shape. */
function liveByShape({ tasks }: Snapshot): ReadonlyMap<string, readonly Task[]> {
  const byShape = new Map<string, Task[]>();
  const seen = new Set<string>();
  for (const task of tasks) {
    if (task.infrastructure || task.endless) continue;
    const shape = shapeKey(task.request, task.request.gpuMilli > 0 ? task.gpuCount : 0);
    const rules = `${shape} ${task.gpuResource} ${JSON.stringify(task.constraints)}`;
    if (seen.has(rules)) continue;
    seen.add(rules);
    byShape.set(shape, [...(byShape.get(shape) ?? []), task]);
  }
  return byShape;
}

/** Extended resources of devices have a domain in their name; memory pages and storage have none. */
function asksDevices({ extended }: Resources): boolean {
  return Object.keys(extended).some((name) => name.includes('/'));
}

function anyAdmits(masks: readonly Uint8Array[], node: number): number {
  return masks.some((admits) => admits[node] === 1) ? 1 : 0;
}

function kindTable(snapshot: Snapshot, fleet: Fleet, extraNames: readonly string[]) {
  const list: Kind[] = [];
  const numbers = new Map<string, number>();
  const everywhere = new Uint8Array(snapshot.nodes.length).fill(1);
  const untainted = Uint8Array.from(snapshot.nodes, ({ taints }) => (untoleratedTaint(taints, []) ? 0 : 1));
  const nowhere = new Uint8Array(snapshot.nodes.length);
  const bare = snapshot.nodes.map((node) => nodeCapacity(node, []));
  const alikeByShape = liveByShape(snapshot);
  const capacity = { nodes: bare, indexOf: new Map<string, number>(), namespaceLabels: {} };

  const add = (key: string, make: () => Kind): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, list.length);
    return list.push(make()) - 1;
  };
  const extraOf = (request: Resources) =>
    Float64Array.from(extraNames, (name, column) => (column === 0 ? 1 : amountOf(request, name)));
  /** A resource that no node offers has no column: such a task can go nowhere. */
  const offered = (request: Resources) =>
    Object.entries(request.extended).every(([name, amount]) => amount === 0 || extraNames.includes(name, 1));
  const kindOf = (request: Resources, gpuCount: number, models: readonly string[], admits: Uint8Array): Kind => ({
    classNumber: classNumber(fleet, classOfRequest(request, gpuCount, { gpuModels: models })),
    memoryBytes: request.memoryBytes,
    extra: extraOf(request),
    admits: offered(request) ? admits : nowhere,
    admitted: offered(request) ? admits.reduce((sum, admitted) => sum + admitted, 0) : 0,
  });
  return {
    list,
    /** What a bound task holds, by the class the fleet holds for it. */
    ofHeld(task: Task, heldClass: number, memoryBytes: number): number {
      const extra = extraOf(task.allocation);
      return add(`held ${heldClass} ${memoryBytes} ${extra.join(' ')}`, () => ({
        classNumber: heldClass,
        memoryBytes,
        extra,
        admits: nowhere,
        admitted: 0,
      }));
    },
    /** A pending task's kind: its demand, and the nodes its own rules admit when they are empty. */
    ofPending(task: Task): number {
      const {
        podAffinity: _a,
        podAntiAffinity: _b,
        topologySpread: _c,
        hostPorts: _d,
        ...constraints
      } = task.constraints;
      const key = `${shapeKey(task.request, task.gpuCount)} ${task.gpuResource} ${JSON.stringify(constraints)}`;
      return add(key, () => {
        const filter = nodeFilter({ ...task, constraints, allocation: task.request, desired: task.request }, capacity);
        const admits = Uint8Array.from(bare, (held) => (filter(held) === undefined ? 1 : 0));
        return kindOf(task.request, task.gpuCount, constraints.gpuModels ?? [], admits);
      });
    },
    /**
     * An arrival's kind. History tells no rules: it may go where tasks of its shape that are here now may go. Where none
     * is, a task that asks for devices may go wherever they are, any other to all nodes that keep nobody away.
     */
    ofRequest(request: Resources, gpuCount: number): number {
      const shape = shapeKey(request, gpuCount);
      return add(`arrival ${shape}`, () => {
        const alike = (alikeByShape.get(shape) ?? []).map((task) => list[this.ofPending(task)]!.admits);
        const open = request.gpuMilli > 0 || asksDevices(request) ? everywhere : untainted;
        const admits = alike.length === 0 ? open : Uint8Array.from(open, (_, node) => anyAdmits(alike, node));
        return kindOf(request, gpuCount, [], admits);
      });
    },
  };
}
