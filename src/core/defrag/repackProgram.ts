import { admitsModel, classKey, demandMilli, kindKey, type TaskClass } from '../fragment/mix.ts';
import { linearSum, programText, type Term } from '../model/program.ts';
import type { Assignment, WaitingTask, Window, WindowNode, WindowTask } from './window.ts';

const MIB = 2 ** 20;

export type RepackProgram = {
  /** Whole tasks: what they admit, and a little for each that stays where it is. */
  readonly exact: string;
  /** Fractions of tasks, and nothing for those that stay: no packing admits more than its value. */
  readonly relaxed: string;
  /** Every task with its place, from the values of `exact`; waiting tasks that are not admitted are left out. */
  targets(values: Readonly<Record<string, number>>): Assignment[];
};

/**
 * The type-count program of a window (docs/algorithms.md#repack): how many tasks of each kind go to each GPU (or node),
 * how many waiting ones are admitted, how many running ones stay. Memory is counted in MiB, tasks rounded up, nodes
 * down.
 */
export function repackProgram(window: Window, moveCostMilli: number): RepackProgram {
  const kinds = kindsOf(window);
  const rows = [
    ...kinds.flatMap(kindRows),
    ...window.nodes.flatMap((node, index) => nodeRows(node, placedOn(index, kinds))),
  ];
  // What stays is worth the cost of its move, so the gain is the value less that of leaving all where it is.
  const worth = kinds.flatMap((kind) => [...stayTerms(kind, moveCostMilli), ...admittedTerms(kind)]);
  return {
    exact: programText({ maximize: worth, rows, integers: kinds.flatMap(countsOf) }),
    relaxed: programText({ maximize: kinds.flatMap(admittedTerms), rows }),
    targets: (values) => kinds.flatMap((kind) => assign(kind, values)),
  };
}

/** Tasks that are interchangeable, and where they may go. */
type WindowKind = {
  readonly taskClass: TaskClass;
  readonly memoryMib: number;
  readonly running: readonly WindowTask[];
  readonly waiting: readonly WaitingTask[];
  /** Variable: how many of the waiting ones are admitted. */
  readonly admitted: string;
  readonly places: readonly Place[];
};

type Place = {
  readonly node: number;
  /** −1: the node, for tasks without GPUs and for those of several. */
  readonly gpu: number;
  /** Running tasks of the kind that are here now. */
  readonly here: number;
  /** Variables: how many tasks of the kind are to be here, and how many of those that are here stay. */
  readonly count: string;
  readonly stay: string;
  /** Variables, for tasks of several GPUs: how many of them take each GPU of the node. */
  readonly uses: readonly string[];
};

function kindsOf({ nodes, tasks, waiting }: Window): WindowKind[] {
  const alike = Map.groupBy<string, WindowTask | WaitingTask>([...tasks, ...waiting], kindOf);
  return [...alike.values()].map((each, index) => {
    const { taskClass, memoryBytes } = each[0]!;
    const running = each.filter(isRunning);
    return {
      taskClass,
      memoryMib: Math.ceil(memoryBytes / MIB),
      running,
      waiting: each.filter((task) => !isRunning(task)),
      admitted: `admitted_kind${index}`,
      places: nodes.flatMap((node, at) => placesOn(node, at, { taskClass, running, name: `kind${index}_node${at}` })),
    };
  });
}

function placesOn(
  { gpuMilli, gpuModel }: WindowNode,
  node: number,
  { taskClass, running, name }: Pick<WindowKind, 'taskClass' | 'running'> & { readonly name: string },
): Place[] {
  if (!admitsModel(taskClass, gpuModel)) return [];
  const slots = taskClass.gpuCount === 1 ? [...gpuMilli.keys()] : [-1];
  return slots.map((gpu) => {
    const count = gpu < 0 ? name : `${name}_gpu${gpu}`;
    return {
      node,
      gpu,
      here: running.filter((task) => task.node === node && task.gpu === gpu).length,
      count,
      stay: `stay_${count}`,
      uses: taskClass.gpuCount > 1 ? gpuMilli.map((_, used) => `use_${name}_gpu${used}`) : [],
    };
  });
}

/** Every running task is somewhere, and every waiting one that is admitted. */
function kindRows({ taskClass, running, waiting, admitted, places }: WindowKind): string[] {
  const counts = places.map(({ count }): Term => [1, count]);
  const admits: Term[] = waiting.length > 0 ? [[-1, admitted]] : [];
  return [
    ...places.flatMap((place) => [...gpuRows(place, taskClass), ...stayRows(place)]),
    ...admits.map(() => `${admitted} <= ${waiting.length}`),
    `${linearSum([...counts, ...admits])} = ${running.length}`,
  ];
}

/** A task of several GPUs takes distinct ones: each at most once per task, and as many as it asks for. */
function gpuRows({ count, uses }: Place, { gpuCount }: TaskClass): string[] {
  if (gpuCount <= 1) return [];
  const taken = uses.map((use): Term => [1, use]);
  return [...taken.map((use) => atMost([use, [-1, count]], 0)), `${linearSum([...taken, [-gpuCount, count]])} = 0`];
}

function stayRows({ count, stay, here }: Place): string[] {
  return here > 0
    ? [
        atMost(
          [
            [1, stay],
            [-1, count],
          ],
          0,
        ),
        `${stay} <= ${here}`,
      ]
    : [];
}

type PlacedKind = { readonly kind: WindowKind; readonly place: Place };

function placedOn(node: number, kinds: readonly WindowKind[]): PlacedKind[] {
  return kinds.flatMap((kind) => kind.places.filter((place) => place.node === node).map((place) => ({ kind, place })));
}

/** What is on a node fits its CPU, its memory and each of its GPUs. */
function nodeRows(node: WindowNode, placed: readonly PlacedKind[]): string[] {
  if (placed.length === 0) return [];
  const cpu = placed.map(({ kind, place }): Term => [kind.taskClass.milliCpu, place.count]);
  const memory = placed.map(({ kind, place }): Term => [kind.memoryMib, place.count]);
  const onGpu = (gpu: number) =>
    placed.flatMap(({ kind: { taskClass }, place }): Term[] => {
      if (place.gpu === gpu) return [[taskClass.gpuMilli, place.count]];
      return place.uses.length > 0 ? [[taskClass.gpuMilli, place.uses[gpu]!]] : [];
    });
  return [
    atMost(cpu, node.milliCpu),
    atMost(memory, Math.floor(node.memoryBytes / MIB)),
    ...node.gpuMilli.map((free, gpu) => atMost(onGpu(gpu), free)),
  ];
}

function atMost(terms: readonly Term[], most: number): string {
  return `${linearSum(terms)} <= ${most}`;
}

function stayTerms({ places }: WindowKind, moveCostMilli: number): Term[] {
  return places.filter(({ here }) => here > 0).map(({ stay }) => [moveCostMilli, stay]);
}

function admittedTerms({ taskClass, waiting, admitted }: WindowKind): Term[] {
  return waiting.length > 0 ? [[demandMilli(taskClass), admitted]] : [];
}

/** The variables of a kind that count whole tasks. */
function countsOf({ places, waiting, admitted }: WindowKind): string[] {
  return [...places.flatMap(({ count, uses }) => [count, ...uses]), ...(waiting.length > 0 ? [admitted] : [])];
}

/** Tasks of a kind to the counts of its places: who is there already stays, the shortest runs first. */
function assign({ running, waiting, places }: WindowKind, values: Readonly<Record<string, number>>): Assignment[] {
  const left = places.map(({ node, gpu, count }) => ({ node, gpu, count: Math.round(values[count] ?? 0) }));
  const targets: Assignment[] = [];
  const settle = (task: WindowTask | WaitingTask, place: (typeof left)[number] | undefined): boolean => {
    if (!place) return false;
    place.count -= 1;
    targets.push({ task, node: place.node, gpu: place.gpu });
    return true;
  };
  const open = ({ count }: (typeof left)[number]) => count > 0;
  const movers = running
    .toSorted((one, other) => one.remainingSeconds - other.remainingSeconds)
    .filter(
      (task) =>
        !settle(
          task,
          left.find((at) => open(at) && at.node === task.node && at.gpu === task.gpu),
        ),
    );
  for (const task of [...movers, ...waiting]) settle(task, left.find(open));
  return targets;
}

function isRunning(task: WindowTask | WaitingTask): task is WindowTask {
  return 'node' in task;
}

function kindOf({ taskClass, memoryBytes }: WaitingTask): string {
  return kindKey(classKey(taskClass), memoryBytes);
}
