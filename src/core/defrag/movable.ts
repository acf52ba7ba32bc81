import type { Band } from '../model/band.ts';
import { amountOf, resourceNames } from '../model/resources.ts';
import { missingRight } from '../model/rights.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Owner, Task } from '../model/task.ts';
import { type FewReadings, fewReadings } from '../model/usage.ts';
import { lostWork } from '../model/work.ts';
import { remainingTime } from '../place/availableTime.ts';
import { type ClusterCapacity, isHeld } from '../place/capacity.ts';
import type { Expectations, Predictions } from '../predict/prediction.ts';

/** What moves as one: all tasks of an owner stop and resume together; a task without an owner stands alone. */
export type Group = {
  readonly key: string;
  readonly owner?: Owner;
  readonly namespace: string;
  readonly tasks: readonly Task[];
  /** One of its tasks whose node is gone; absent where all nodes are there. */
  readonly strandedTaskId?: string;
  /** Of the task that runs longest. */
  readonly remaining: Band;
  /** Work that a move throws away, summed over its tasks; seconds. */
  readonly lostSeconds: number;
  /** Lost work and restart, each task weighed by its share of its node; node-seconds. */
  readonly costNodeSeconds: number;
};

/** Why a group may not be moved at all, whatever the target. */
export type Immovable =
  | { readonly code: 'endless' }
  | { readonly code: 'noOwner' }
  | { readonly code: 'ownerKind'; readonly kind: string }
  | {
      readonly code: 'unsteady';
      readonly taskId: string;
      readonly phase: Task['phase'] | 'resizing' | 'moving' | 'suspended' | 'stranded';
    }
  | { readonly code: 'right'; readonly missing: string }
  /** It would lose work although what it uses is not known; `readings` absent: nothing is measured. */
  | { readonly code: 'usageUnknown'; readonly taskId: string; readonly readings?: FewReadings }
  | { readonly code: 'budget'; readonly budget: string; readonly disruptionsAllowed: number; readonly needed: number };

/** Owners that can be stopped, pinned and resumed as a whole. */
const MOVABLE_OWNERS: ReadonlySet<string> = new Set(['Job']);

/** All groups that hold capacity, by the id of each of their tasks. Infrastructure is in none. */
export function groupTasks(
  snapshot: Snapshot,
  capacity: ClusterCapacity,
  predictions: Predictions,
  settings: Settings,
): ReadonlyMap<string, Group> {
  const members = new Map<string, Task[]>();
  for (const task of snapshot.tasks) {
    if (task.node === undefined || task.infrastructure) continue;
    const key = task.owner ? task.owner.uid : task.uid;
    const known = members.get(key);
    if (known) known.push(task);
    else members.set(key, [task]);
  }
  const expectations = { predictions, settings, nowSeconds: snapshot.takenAtSeconds };
  const groups = new Map<string, Group>();
  for (const [key, tasks] of members) {
    const group = groupOf(key, tasks, capacity, expectations);
    for (const task of tasks) groups.set(task.id, group);
  }
  return groups;
}

/** The first rule that keeps a group where it is, its disruption budgets last. */
export function immovable(group: Group, snapshot: Snapshot, budgets: Budgets): Immovable | undefined {
  const { owner, tasks, namespace, strandedTaskId } = group;
  if (tasks.some(({ endless }) => endless)) return { code: 'endless' };
  if (!owner) return { code: 'noOwner' };
  if (!MOVABLE_OWNERS.has(owner.kind)) return { code: 'ownerKind', kind: owner.kind };
  const missing = missingRight(snapshot.rights, 'migrate', namespace);
  if (missing !== undefined) return { code: 'right', missing };
  const first = tasks[0]!;
  if (owner.suspended) return { code: 'unsteady', taskId: first.id, phase: 'suspended' };
  if (strandedTaskId !== undefined) return { code: 'unsteady', taskId: strandedTaskId, phase: 'stranded' };
  for (const { id, phase, resizeState } of tasks) {
    if (phase !== 'running') return { code: 'unsteady', taskId: id, phase };
    if (resizeState?.kind === 'inProgress') return { code: 'unsteady', taskId: id, phase: 'resizing' };
  }
  if (owner.parallelism > tasks.length) return { code: 'unsteady', taskId: first.id, phase: 'pending' };
  return unmeasured(group, snapshot) ?? overBudget(group, budgets);
}

/**
 * Work is lost only on a full view: a resize, which loses none, may win the same once usage is known. A group that
 * loses nothing need not be measured.
 */
function unmeasured({ tasks, lostSeconds }: Group, { usage }: Snapshot): Immovable | undefined {
  if (lostSeconds === 0) return undefined;
  for (const { id } of tasks) {
    const known = usage[id];
    if (!known) return { code: 'usageUnknown', taskId: id };
    const readings = fewReadings(known);
    if (readings) return { code: 'usageUnknown', taskId: id, readings };
  }
  return undefined;
}

/** Disruptions that are still allowed, by task id; a group takes one for each of its tasks. */
export type Budgets = ReadonlyMap<string, readonly { readonly name: string; readonly allowed: number }[]>;

/** The budgets of a snapshot by the tasks that they protect; a task without one is not in it. */
export function budgetsOf({ budgets }: Pick<Snapshot, 'budgets'>): Budgets {
  const byTask = new Map<string, { name: string; allowed: number }[]>();
  for (const { namespace, name, disruptionsAllowed, taskIds } of budgets) {
    const budget = { name: `${namespace}/${name}`, allowed: disruptionsAllowed };
    for (const id of taskIds) byTask.set(id, [...(byTask.get(id) ?? []), budget]);
  }
  return byTask;
}

/** The budgets after a group has been disrupted. */
export function disrupted({ tasks }: Group, budgets: Budgets): Budgets {
  const taken = new Map<string, number>();
  for (const { id } of tasks) for (const { name } of budgets.get(id) ?? []) taken.set(name, (taken.get(name) ?? 0) + 1);
  if (taken.size === 0) return budgets;
  const less = (budget: { name: string; allowed: number }) => ({
    ...budget,
    allowed: budget.allowed - (taken.get(budget.name) ?? 0),
  });
  return new Map([...budgets].map(([id, each]) => [id, each.map(less)]));
}

function overBudget(group: Group, budgets: Budgets): Immovable | undefined {
  const needed = new Map<string, number>();
  for (const { id } of group.tasks) {
    for (const { name, allowed } of budgets.get(id) ?? []) {
      const count = (needed.get(name) ?? 0) + 1;
      needed.set(name, count);
      if (count > allowed) return { code: 'budget', budget: name, disruptionsAllowed: allowed, needed: count };
    }
  }
  return undefined;
}

/** The share of a node that a task holds or would: of its resources' shares the largest, 0…1 where it fits. */
export function nodeShare(task: Task, capacity: ClusterCapacity, node: string): number {
  const index = capacity.indexOf.get(node);
  if (index === undefined) return 0;
  const { allocatable } = capacity.nodes[index]!.node;
  const held = task.allocation;
  const shares = resourceNames(held).map((name) => {
    const total = amountOf(allocatable, name);
    return total > 0 ? amountOf(held, name) / total : 0;
  });
  return Math.max(0, ...shares);
}

function groupOf(
  key: string,
  tasks: readonly Task[],
  capacity: ClusterCapacity,
  { predictions, settings, nowSeconds }: Expectations,
): Group {
  const remaining = { p10: 0, p50: 0, p90: 0 };
  let lostSeconds = 0;
  let costNodeSeconds = 0;
  for (const task of tasks) {
    const own = remainingTime(task, predictions[task.id], settings.planningHorizonSeconds, nowSeconds);
    for (const level of ['p10', 'p50', 'p90'] as const) remaining[level] = Math.max(remaining[level], own[level]);
    const lost = lostWork(task, nowSeconds);
    lostSeconds += lost;
    costNodeSeconds += nodeShare(task, capacity, task.node ?? '') * (lost + settings.restartSeconds);
  }
  const { owner, namespace } = tasks[0]!;
  const stranded = tasks.find((task) => !isHeld(task, capacity));
  return {
    ...{ key, namespace, tasks, remaining, lostSeconds, costNodeSeconds },
    ...(owner && { owner }),
    ...(stranded && { strandedTaskId: stranded.id }),
  };
}
