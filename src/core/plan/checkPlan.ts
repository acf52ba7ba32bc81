import { unbound } from '../defrag/findTarget.ts';
import type { Migration, Move, Placement, TaskRef } from '../model/moves.ts';
import { amountOf, minResources, type ResourceName, resourceNames, sameResources } from '../model/resources.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import {
  type ClusterCapacity,
  clusterCapacity,
  isHeld,
  withAllocation,
  withoutTask,
  withTask,
} from '../place/capacity.ts';
import { nodeFilter, type Refusal } from '../place/filter.ts';
import type { Plan } from './plan.ts';

/**
 * Whether a plan may still be carried out. `waits` are moves for which the method has a wait: the node of an
 * expand, or a migration's target, has too little free now, and everything else about them still holds.
 */
export type PlanCheck =
  | { readonly kind: 'ok'; readonly waits: readonly Short[] }
  | { readonly kind: 'stale'; readonly reasons: readonly Stale[] };

export type Short = {
  readonly moveId: string;
  readonly taskId: string;
  readonly node: string;
  readonly resource: ResourceName;
  readonly requested: number;
  readonly free: number;
};

/** Why a move no longer fits the cluster. */
export type Stale = { readonly moveId: string; readonly taskId: string } & (
  | { readonly code: 'taskGone' }
  | { readonly code: 'taskReplaced' }
  | { readonly code: 'taskChanged'; readonly planned: number; readonly found: number }
  | { readonly code: 'taskMoved'; readonly planned?: string; readonly found?: string }
  | { readonly code: 'taskEnding' }
  | { readonly code: 'allocationChanged' }
  | { readonly code: 'ownerChanged' }
  | { readonly code: 'nodeGone'; readonly node: string }
  | { readonly code: 'doesNotFit'; readonly node: string; readonly refusal: Refusal }
);

/**
 * Checks every move of a plan on a fresh snapshot, each on the capacity that the moves before it leave. A move is stale
 * when its task's uid, generation, node or allocation, or its owner, has changed, when the node that it leaves or takes
 * is gone, or when its node refuses it. Nothing else counts.
 * @param done ids of moves that are in the snapshot already
 * @returns every change, in the order of the moves; refusals of nodes only up to the first change
 */
export function checkPlan(
  plan: Pick<Plan, 'moves'>,
  fresh: Snapshot,
  done: ReadonlySet<string> = new Set(),
): PlanCheck {
  const tasks = new Map(fresh.tasks.map((task) => [task.id, task]));
  const reasons: Stale[] = [];
  const waits: Short[] = [];
  let capacity = clusterCapacity(fresh);
  for (const move of plan.moves) {
    if (done.has(move.id)) continue;
    reasons.push(...changedTasks(move, tasks));
    if (reasons.length > 0) continue; // the capacity after a move that cannot be done is unknown
    const outcome = tryMove(move, capacity, tasks);
    if ('capacity' in outcome) capacity = outcome.capacity;
    else if ('code' in outcome) reasons.push(outcome);
    else waits.push(outcome);
  }
  return reasons.length > 0 ? { kind: 'stale', reasons } : { kind: 'ok', waits };
}

/**
 * Those of some moves that fit one after the other; left out are those that need what other moves would free.
 */
export function movesThatFit(moves: readonly Move[], snapshot: Snapshot): Move[] {
  const tasks = new Map(snapshot.tasks.map((task) => [task.id, task]));
  let capacity = clusterCapacity(snapshot);
  return moves.filter((move) => {
    const outcome = tryMove(move, capacity, tasks);
    if ('capacity' in outcome) capacity = outcome.capacity;
    return 'capacity' in outcome;
  });
}

/**
 * Whether a placement could be done once moves that are under way have freed all that they may: a shrink what it takes,
 * an expand what is taken back when it is not granted, a migration what its tasks hold.
 */
export function fitsOnceFreed(placement: Placement, underWay: readonly Move[], fresh: Snapshot): boolean {
  const freed = { ...fresh, tasks: atTheirLeast(fresh.tasks, underWay) };
  return checkPlan({ moves: [placement] }, freed).kind === 'ok';
}

/** The tasks, each with the least that the moves may leave it; without those that migrate. */
function atTheirLeast(tasks: readonly Task[], moves: readonly Move[]): Task[] {
  const migrations = moves.filter(({ kind }) => kind === 'migration');
  const leaving = new Set(migrations.flatMap(touchedBy).map(({ uid }) => uid));
  const resizes = moves.filter((move) => move.kind === 'resize');
  const least = new Map(resizes.map(({ task, from, to }) => [task.uid, minResources(from, to)]));
  return tasks
    .filter(({ uid }) => !leaving.has(uid))
    .map((task) => ({ ...task, allocation: least.get(task.uid) ?? task.allocation }));
}

function touchedBy(move: Move): readonly TaskRef[] {
  return move.kind === 'migration' ? [move.task, ...(move.others ?? [])] : [move.task];
}

/** What is different about the tasks a move touches. */
function changedTasks(move: Move, tasks: ReadonlyMap<string, Task>): Stale[] {
  const changed = touchedBy(move).flatMap((planned): Stale[] => {
    const at = { moveId: move.id, taskId: planned.id };
    const found = tasks.get(planned.id);
    const change = found ? changeOf(planned, found) : ({ code: 'taskGone' } as const);
    return change ? [{ ...at, ...change }] : [];
  });
  if (changed.length > 0) return changed;
  const at = { moveId: move.id, taskId: move.task.id };
  const found = tasks.get(move.task.id)!;
  if (move.kind === 'resize' && !sameResources(found.allocation, move.from))
    return [{ ...at, code: 'allocationChanged' }];
  return move.kind === 'migration' && ownerChanged(move, found, tasks) ? [{ ...at, code: 'ownerChanged' }] : [];
}

type TaskChange = Stale extends infer Each ? (Each extends Stale ? Omit<Each, 'moveId' | 'taskId'> : never) : never;

function changeOf(planned: TaskRef, found: Task): TaskChange | undefined {
  if (found.uid !== planned.uid) return { code: 'taskReplaced' };
  if (found.node !== planned.node) {
    const from = planned.node === undefined ? {} : { planned: planned.node };
    return { code: 'taskMoved', ...from, ...(found.node !== undefined && { found: found.node }) };
  }
  if (found.phase === 'ending') return { code: 'taskEnding' };
  if (found.generation === planned.generation) return undefined;
  return { code: 'taskChanged', planned: planned.generation, found: found.generation };
}

/** Another spec, a stop by someone else, or tasks that the plan does not know. */
function ownerChanged({ owner, others }: Migration, task: Task, tasks: ReadonlyMap<string, Task>): boolean {
  const found = task.owner;
  if (!found || found.uid !== owner.uid || found.generation !== owner.generation || found.suspended) return true;
  const running = [...tasks.values()].filter((each) => each.owner?.uid === owner.uid && each.node !== undefined);
  return running.length !== 1 + (others?.length ?? 0);
}

/** The capacity after a move, or why it cannot be done, or what it has to wait for. */
function tryMove(
  move: Move,
  capacity: ClusterCapacity,
  tasks: ReadonlyMap<string, Task>,
): { capacity: ClusterCapacity } | Stale | Short {
  const task = tasks.get(move.task.id)!;
  const at = { moveId: move.id, taskId: task.id };
  const node = move.kind === 'resize' ? move.task.node! : move.to;
  const index = capacity.indexOf.get(node);
  if (index === undefined) return { ...at, code: 'nodeGone', node };
  if (move.kind === 'resize') {
    const { free } = capacity.nodes[index]!;
    for (const resource of resourceNames(move.from, move.to)) {
      const requested = amountOf(move.to, resource) - amountOf(move.from, resource);
      const available = amountOf(free, resource);
      if (requested > 0 && requested > available) return { ...at, node, resource, requested, free: available };
    }
    return { capacity: withAllocation(capacity, task, move.to) };
  }
  const leaving = move.kind === 'migration' ? [task, ...(move.others ?? []).map(({ id }) => tasks.get(id)!)] : [];
  const stranded = leaving.find((each) => !isHeld(each, capacity));
  if (stranded) return { ...at, taskId: stranded.id, code: 'nodeGone', node: stranded.node ?? '' };
  let left = leaving.reduce(withoutTask, capacity);
  for (const each of move.kind === 'migration' ? leaving : [task]) {
    const refusal = nodeFilter(unbound(each), left)(left.nodes[index]!);
    const short = refusal && move.kind === 'migration' ? shortOf(refusal) : undefined;
    if (short) return { ...at, node, ...short };
    if (refusal) return { ...at, code: 'doesNotFit', node, refusal };
    left = withTask(left, each, node);
  }
  return { capacity: left };
}

/** What is short, of a refusal that ends when enough becomes free; undefined for any other refusal. */
function shortOf(refusal: Refusal): Pick<Short, 'resource' | 'requested' | 'free'> | undefined {
  if (refusal.code === 'resource') {
    const { resource, requested, free } = refusal;
    return { resource, requested, free };
  }
  if (refusal.code !== 'gpuShare') return undefined;
  const { shareMilli, gpus, fitting } = refusal;
  return { resource: 'gpuMilli', requested: shareMilli * gpus, free: shareMilli * fitting };
}
