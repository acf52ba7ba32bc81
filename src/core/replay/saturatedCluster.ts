import type { Fleet, GpuMask } from '../fleet/fleet.ts';
import { fits, hold, holdGpus, idleOf, release, tightestGpu } from '../fleet/fleet.ts';
import { demandMilli, kindKey } from '../fragment/mix.ts';
import type { FleetPolicy } from '../place/policies/fleetPolicy.ts';

/** A task that holds capacity. `node` and `gpus` change when it is moved. */
export type Placed = { readonly classNumber: number; readonly memoryBytes: number; node: number; gpus: GpuMask };

/** A task that fitted nowhere when it came. */
export type Unplaced = Pick<Placed, 'classNumber' | 'memoryBytes'>;

/**
 * One move of a running task, made when its target could take it. `paused`: it had to stop before others could move.
 */
export type Relocation = { readonly moved: Placed; readonly from: number; readonly to: number; readonly paused?: true };

/** A saturated cluster whose tasks are moved: every step changes it. */
export type SaturatedCluster = {
  readonly fleet: Fleet;
  readonly policy: FleetPolicy;
  readonly onNode: readonly Placed[][];
  /** Kinds of tasks that wait, largest GPU demand first; those without GPUs are left out. */
  readonly waiting: readonly WaitingKind[];
};

export type WaitingKind = Unplaced & { readonly demandMilli: number; count: number };

export function saturatedCluster(
  fleet: Fleet,
  policy: FleetPolicy,
  placed: readonly Placed[],
  unplaced: readonly Unplaced[],
): SaturatedCluster {
  const onNode: Placed[][] = fleet.nodes.map(() => []);
  for (const task of placed) onNode[task.node]!.push(task);
  const waiting = [...Map.groupBy(unplaced, kindOf).values()]
    .map(([first, ...others]) => ({ ...first!, demandMilli: demandOf(fleet, first!), count: 1 + others.length }))
    .filter(({ demandMilli }) => demandMilli > 0)
    .sort((left, right) => right.demandMilli - left.demandMilli);
  return { fleet, policy, onNode, waiting };
}

/** A key that is the same for tasks that ask for the same. */
export function kindOf({ classNumber, memoryBytes }: Unplaced): string {
  return kindKey(classNumber, memoryBytes);
}

/** Milli-GPU a task asks for. */
export function demandOf({ classes }: Fleet, { classNumber }: Unplaced): number {
  return demandMilli(classes.classes[classNumber]!);
}

/** True when a task fits on a node now, its memory included. */
export function fitsOn({ fleet }: SaturatedCluster, node: number, { classNumber, memoryBytes }: Unplaced): boolean {
  return fits(fleet, node, classNumber, memoryBytes);
}

/** Takes a task off its node; it keeps its place in `node` and `gpus`, for `comeBack`. */
export function leave({ fleet }: SaturatedCluster, { node, classNumber, memoryBytes, gpus }: Placed): void {
  release(fleet, node, classNumber, memoryBytes, gpus);
}

export function comeBack({ fleet }: SaturatedCluster, { node, classNumber, memoryBytes, gpus }: Placed): void {
  holdGpus(fleet, node, classNumber, memoryBytes, gpus);
}

/** What is true while tasks are away from their node; they return to the same GPUs. */
export function whileAway<T>(cluster: SaturatedCluster, tasks: readonly Placed[], look: () => T): T {
  for (const task of tasks) leave(cluster, task);
  const seen = look();
  for (const task of tasks) comeBack(cluster, task);
  return seen;
}

/** A task that is away settles on GPUs of a node on which it fits. */
export function settle(cluster: SaturatedCluster, task: Placed, node: number, gpus: GpuMask): void {
  const neighbours = cluster.onNode[task.node]!;
  neighbours.splice(neighbours.indexOf(task), 1);
  cluster.onNode[node]!.push(task);
  Object.assign(task, { node, gpus });
  comeBack(cluster, task);
}

/** True when a node has the CPU and memory of a share, and that GPU of it the rest. */
export function fitsOnGpu(fleet: Fleet, { classNumber, memoryBytes }: Unplaced, node: number, gpu: number): boolean {
  const { milliCpu, gpuMilli } = fleet.classes.classes[classNumber]!;
  return (
    fleet.freeMilliCpu[node]! >= milliCpu &&
    fleet.freeMemoryBytes[node]! >= memoryBytes &&
    fleet.freeGpuMilli[node * fleet.gpuStride + gpu]! >= gpuMilli
  );
}

/** A move that was made, with where it came from. */
export type Step = Relocation & { readonly gpus: GpuMask };

/** Moves a task to a node on which it fits: a share to the fullest GPU that takes it. */
export function move(cluster: SaturatedCluster, task: Placed, to: number): Step {
  const step = { moved: task, from: task.node, to, gpus: task.gpus };
  leave(cluster, task);
  const gpus = holdTightest(cluster.fleet, to, task);
  release(cluster.fleet, to, task.classNumber, task.memoryBytes, gpus);
  settle(cluster, task, to, gpus);
  return step;
}

/** Undoes moves, the last one first. */
export function takeBack(cluster: SaturatedCluster, steps: readonly Step[]): void {
  for (const { moved, from, gpus } of [...steps].reverse()) {
    leave(cluster, moved);
    settle(cluster, moved, from, gpus);
  }
}

/** Milli-GPU of the waiting tasks that a node can take now, largest first. Nothing stays changed. */
export function admissibleMilli(cluster: SaturatedCluster, node: number): number {
  const admitted = admit(cluster, node);
  for (const { kind, gpus } of admitted) {
    release(cluster.fleet, node, kind.classNumber, kind.memoryBytes, gpus);
    kind.count += 1;
  }
  return admitted.reduce((sum, { kind }) => sum + kind.demandMilli, 0);
}

/** Lets in the waiting tasks that a node can take, largest first. They wait no more, and may be moved later. */
export function admitAll(cluster: SaturatedCluster, node: number): void {
  for (const { kind, gpus } of admit(cluster, node)) {
    cluster.onNode[node]!.push({ classNumber: kind.classNumber, memoryBytes: kind.memoryBytes, node, gpus });
  }
}

/** Lets one waiting task in on GPUs on which it fits. */
export function admitOn(cluster: SaturatedCluster, kind: WaitingKind, node: number, gpus: GpuMask): void {
  const { classNumber, memoryBytes } = kind;
  cluster.onNode[node]!.push({
    classNumber,
    memoryBytes,
    node,
    gpus: holdGpus(cluster.fleet, node, classNumber, memoryBytes, gpus),
  });
  kind.count -= 1;
}

/** The policy's best node for a task, its own and one more left out; −1 where there is none. */
export function bestOther(cluster: SaturatedCluster, task: Placed, kept = -1): number {
  const ask = { classNumber: task.classNumber, memoryBytes: task.memoryBytes, nowSeconds: 0 };
  let chosen = -1;
  let best = Number.NEGATIVE_INFINITY;
  for (let node = 0; node < cluster.fleet.nodes.length; node += 1) {
    if (node === task.node || node === kept || !fitsOn(cluster, node, task)) continue;
    const score = cluster.policy.score(node, ask);
    if (score > best) {
      best = score;
      chosen = node;
    }
  }
  return chosen;
}

function admit(cluster: SaturatedCluster, node: number): { readonly kind: WaitingKind; readonly gpus: GpuMask }[] {
  const { fleet, waiting } = cluster;
  const admitted: { kind: WaitingKind; gpus: GpuMask }[] = [];
  const idleMilli = idleOf(fleet, node);
  for (const kind of waiting) {
    if (kind.demandMilli > idleMilli) continue;
    while (kind.count > 0 && fitsOn(cluster, node, kind)) {
      admitted.push({ kind, gpus: holdTightest(fleet, node, kind) });
      kind.count -= 1;
    }
  }
  return admitted;
}

function holdTightest(fleet: Fleet, node: number, { classNumber, memoryBytes }: Unplaced): GpuMask {
  return hold(fleet, node, classNumber, memoryBytes, tightestGpu(fleet, node, classNumber));
}
