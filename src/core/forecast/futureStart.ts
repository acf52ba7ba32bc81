import { classOfRequest, type ExpectedMix } from '../fragment/mix.ts';
import { amountOf, type Resources } from '../model/resources.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { nodeFilter } from '../place/filter.ts';
import { classNumber, type Fleet, type GpuMask } from '../place/policies/fleet.ts';
import { heldBy, nodeRoom } from '../place/room.ts';
import { untoleratedTaint } from '../place/selectors.ts';
import { probabilityEndedBy } from '../predict/distribution.ts';
import type { Predictions, RuntimePrediction } from '../predict/prediction.ts';
import { simulationStart } from '../simulate/fromSnapshot.ts';
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
  readonly leaving: readonly Leaving[];
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

/** A running task that will end by itself. */
export type Leaving = {
  readonly id: string;
  /** Tells its draws from all others', in every scenario alike. */
  readonly drawKey: number;
  readonly node: number;
  readonly kind: number;
  readonly gpus: GpuMask;
  readonly ending: boolean;
  readonly prediction: RuntimePrediction | undefined;
  readonly elapsedSeconds: number;
  /** P(it had ended by this age): where draws begin. */
  readonly ended: number;
  readonly limitSeconds: number;
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
  const usable = { ...snapshot, nodes: snapshot.nodes.filter(({ ready, unschedulable }) => ready && !unschedulable) };
  const { fleet, bound } = simulationStart(usable);
  const extraNames = ['tasks', ...extendedNames(usable)];
  const kinds = kindTable(usable, fleet, extraNames);
  const extraFree = new Float64Array(usable.nodes.length * extraNames.length);
  const free = usable.nodes.map(({ maxTasks, allocatable }) => [
    maxTasks,
    ...extraNames.slice(1).map((name) => amountOf(allocatable, name)),
  ]);
  const leaving: Leaving[] = [];
  for (const { task: held, node, gpus } of [...bound].sort((left, right) => left.task.id - right.task.id)) {
    const task = usable.tasks[held.id]!;
    const kind = kinds.ofHeld(task, held.classNumber, held.memoryBytes);
    kinds.list[kind]!.extra.forEach((amount, column) => {
      free[node]![column]! -= amount;
    });
    const left = leavingOf(task, node, kind, gpus, predictions[task.id], snapshot.takenAtSeconds, settings);
    if (left) leaving.push(left);
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
    leaving,
    waiting,
    arrivalKinds,
    arrivals,
    mix,
  };
}

/** Pending tasks as a scheduler takes them: by priority, then by age, then by id. */
function byQueue(left: Task, right: Task): number {
  return (
    right.priority - left.priority || left.createdAtSeconds - right.createdAtSeconds || (left.id < right.id ? -1 : 1)
  );
}

function leavingOf(
  task: Task,
  node: number,
  kind: number,
  gpus: GpuMask,
  prediction: RuntimePrediction | undefined,
  nowSeconds: number,
  settings: Settings,
): Leaving | undefined {
  const limited = task.runtimeLimitSeconds !== undefined;
  const ending = task.phase === 'ending';
  if (!ending && !limited && (task.endless || task.infrastructure || !prediction)) return undefined;
  // A migrated task may start a little later than now: its age is negative until then, and its end moves by as much.
  const elapsedSeconds = nowSeconds - (task.startedAtSeconds ?? nowSeconds);
  const known = task.endless ? undefined : prediction;
  return {
    id: task.id,
    drawKey: hashOf(task.id),
    node,
    kind,
    gpus,
    ending,
    prediction: known,
    elapsedSeconds,
    ended: known ? probabilityEndedBy(known.runtime, Math.max(0, elapsedSeconds)) : 0,
    limitSeconds: limited ? task.runtimeLimitSeconds! - elapsedSeconds : settings.planningHorizonSeconds,
  };
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
  const bare = snapshot.nodes.map((node) => nodeRoom(node, []));
  const alikeByShape = liveByShape(snapshot);
  const room = { nodes: bare, indexOf: new Map<string, number>(), namespaceLabels: {} };

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
      const extra = extraOf(heldBy(task));
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
        const filter = nodeFilter({ ...task, constraints, allocation: task.request, desired: task.request }, room);
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
