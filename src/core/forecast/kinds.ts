import { classNumber, type Fleet } from '../fleet/fleet.ts';
import { classOfRequest } from '../fragment/mix.ts';
import { amountOf, type Resources } from '../model/resources.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { type ClusterCapacity, nodeCapacity } from '../place/capacity.ts';
import { nodeFilter } from '../place/filter.ts';
import { untoleratedTaint } from '../place/selectors.ts';
import { shapeKey } from './arrivals.ts';

/** A shape of task, with where it may go at all. */
export type Kind = {
  readonly classNumber: number;
  readonly memoryBytes: number;
  readonly extra: Float64Array;
  /** 1 for each node that its constraints admit. */
  readonly admits: Uint8Array;
  readonly admitted: number;
};

/** The kinds met so far, numbered in that order. */
export type KindTable = {
  readonly list: readonly Kind[];
  /** What a bound task holds, by the class the fleet holds for it. */
  ofHeld(task: Task, heldClass: number, memoryBytes: number): number;
  /** A pending task's kind: its demand, and the nodes its own rules admit when they are empty. */
  ofPending(task: Task): number;
  /**
   * An arrival's kind. History tells no rules: it may go where tasks of its shape that are here now may go. Where none
   * is, a task that asks for devices may go wherever they are, any other to all nodes that keep nobody away.
   */
  ofArrival(request: Resources, gpuCount: number): number;
};

/** @param extraNames as `FutureStart.extraNames` */
export function kindTable(snapshot: Snapshot, fleet: Fleet, extraNames: readonly string[]): KindTable {
  const list: Kind[] = [];
  const numbers = new Map<string, number>();
  const shapes: Shapes = { fleet, extraNames, nowhere: new Uint8Array(snapshot.nodes.length) };
  const emptied = emptyNodes(snapshot);
  const open = openNodes(snapshot);
  const alikeByShape = liveByShape(snapshot);

  const add = (key: string, make: () => Kind): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, list.length);
    return list.push(make()) - 1;
  };
  const ofPending = (task: Task) => add(pendingKey(task), () => pendingKind(task, emptied, shapes));
  return {
    list,
    ofHeld(task, heldClass, memoryBytes) {
      const extra = extraOf(task.allocation, extraNames);
      const held = { classNumber: heldClass, memoryBytes, extra, admits: shapes.nowhere, admitted: 0 };
      return add(`held ${heldClass} ${memoryBytes} ${extra.join(' ')}`, () => held);
    },
    ofPending,
    ofArrival(request, gpuCount) {
      const shape = shapeKey(request, gpuCount);
      return add(`arrival ${shape}`, () => {
        const alike = (alikeByShape.get(shape) ?? []).map((task) => list[ofPending(task)]!.admits);
        const all = open(request);
        const admits = alike.length === 0 ? all : Uint8Array.from(all, (_, node) => anyAdmits(alike, node));
        return kindOf({ request, gpuCount, gpuModels: [] }, admits, shapes);
      });
    },
  };
}

/** What kinds are described by. */
type Shapes = {
  readonly fleet: Fleet;
  readonly extraNames: readonly string[];
  readonly nowhere: Uint8Array;
};

type Asked = { readonly request: Resources; readonly gpuCount: number; readonly gpuModels: readonly string[] };

function kindOf({ request, gpuCount, gpuModels }: Asked, admits: Uint8Array, shapes: Shapes): Kind {
  const { fleet, extraNames, nowhere } = shapes;
  const goes = isOffered(request, extraNames) ? admits : nowhere;
  return {
    classNumber: classNumber(fleet, classOfRequest(request, gpuCount, { gpuModels })),
    memoryBytes: request.memoryBytes,
    extra: extraOf(request, extraNames),
    admits: goes,
    admitted: goes.reduce((sum, admitted) => sum + admitted, 0),
  };
}

/** A resource that no node offers has no column: such a task can go nowhere. */
function isOffered({ extended }: Resources, extraNames: readonly string[]): boolean {
  return Object.entries(extended).every(([name, amount]) => amount === 0 || extraNames.includes(name, 1));
}

/** Column 0 is the place that each task takes. */
function extraOf(request: Resources, extraNames: readonly string[]): Float64Array {
  return Float64Array.from(extraNames, (name, column) => (column === 0 ? 1 : amountOf(request, name)));
}

function pendingKey(task: Task): string {
  return `${shapeKey(task.request, task.gpuCount)} ${task.gpuResource} ${JSON.stringify(nodeRules(task))}`;
}

function pendingKind(task: Task, emptied: ClusterCapacity, shapes: Shapes): Kind {
  const { request, gpuCount } = task;
  const constraints = nodeRules(task);
  const filter = nodeFilter({ ...task, constraints, allocation: request, desired: request }, emptied);
  const admits = Uint8Array.from(emptied.nodes, (held) => (filter(held) === undefined ? 1 : 0));
  return kindOf({ request, gpuCount, gpuModels: constraints.gpuModels ?? [] }, admits, shapes);
}

/** A task's rules without those between tasks. */
function nodeRules({ constraints }: Task): Task['constraints'] {
  const { podAffinity: _a, podAntiAffinity: _b, topologySpread: _c, hostPorts: _d, ...rules } = constraints;
  return rules;
}

function emptyNodes({ nodes }: Snapshot): ClusterCapacity {
  return { nodes: nodes.map((node) => nodeCapacity(node, [])), indexOf: new Map(), namespaceLabels: {} };
}

/** Nodes that a task may go to of which nothing but its request is known. */
function openNodes({ nodes }: Snapshot): (request: Resources) => Uint8Array {
  const everywhere = new Uint8Array(nodes.length).fill(1);
  const untainted = Uint8Array.from(nodes, ({ taints }) => (untoleratedTaint(taints, []) ? 0 : 1));
  return (request) => (request.gpuMilli > 0 || asksDevices(request) ? everywhere : untainted);
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
