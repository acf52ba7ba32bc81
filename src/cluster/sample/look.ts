import type { Resources } from '../../core/model/resources.ts';
import { DEFAULT_SETTINGS } from '../../core/model/settings.ts';
import type { DisruptionBudget, Snapshot } from '../../core/model/snapshot.ts';
import type { Task } from '../../core/model/task.ts';
import type { Usage } from '../../core/model/usage.ts';
import { MISSING_RIGHTS, SERVICES } from './hosts.ts';
import { type LiveTask, lastCheckpoint, ownerOf, usedOf, type World } from './world.ts';

/** The world as anyone may see it. Usage is taken over the method's first window, one reading a minute. */
export function lookAt(world: World, cluster: string): Snapshot {
  const live = [...world.tasks.values()].sort((left, right) => (left.task.id < right.task.id ? -1 : 1));
  const usage: Record<string, Usage> = {};
  for (const each of live) {
    const used = usageOf(each, world.nowSeconds);
    if (used) usage[each.task.id] = used;
  }
  return {
    cluster,
    takenAtSeconds: world.nowSeconds,
    nodes: world.capacity.nodes.map(({ node }) => node),
    tasks: live.map((each) => seen(each, world.nowSeconds)),
    usage,
    budgets: budgetsOf(live),
    rights: MISSING_RIGHTS,
    problems: [],
  };
}

/** A task as it is seen now: with its owner's generation and its latest checkpoint. */
export function seen({ task, owner, member: index }: LiveTask, nowSeconds: number): Task {
  if (!owner) return task;
  const { checkpoint, startedAtSeconds } = task;
  const saved =
    checkpoint && startedAtSeconds !== undefined
      ? lastCheckpoint(owner, owner.members[index]!, startedAtSeconds, nowSeconds)
      : undefined;
  return {
    ...task,
    owner: ownerOf(owner),
    ...(checkpoint && saved && { checkpoint: { ...checkpoint, savedAtSeconds: saved.atSeconds } }),
  };
}

/** Mean and peak over the window, from what the task truly uses; undefined until it has run a minute. */
function usageOf({ task, use, granted }: LiveTask, nowSeconds: number): Usage | undefined {
  if (task.phase !== 'running' || task.startedAtSeconds === undefined) return undefined;
  const fromSeconds = Math.max(task.startedAtSeconds, nowSeconds - DEFAULT_SETTINGS.usageWindowSeconds);
  const readings = Math.floor((nowSeconds - fromSeconds) / 60);
  if (readings < 1) return undefined;
  const limit = limitOf(task, granted);
  const used = usedOf(task.request, limit, use);
  // Load swings slowly around its mean, each task at its own time.
  const swing = 1 + 0.05 * Math.sin((2 * Math.PI * (fromSeconds + nowSeconds)) / 2 / 5400 + task.createdAtSeconds);
  const milliCpu = Math.min(limit.milliCpu, Math.round(used.milliCpu * swing));
  const mean = { ...used, milliCpu };
  const peak = {
    ...mean,
    milliCpu: Math.min(limit.milliCpu, Math.round(milliCpu * 1.15)),
    memoryBytes: Math.min(limit.memoryBytes, Math.round(used.memoryBytes * 1.06)),
  };
  return { mean, peak, fromSeconds, toSeconds: nowSeconds, readings, source: 'sample' };
}

/** Guaranteed tasks are held to what is granted; Burstable ones may use twice as much CPU. */
export function limitOf({ qosClass }: Task, granted: Resources): Resources {
  return qosClass === 'Guaranteed' ? granted : { ...granted, milliCpu: granted.milliCpu * 2 };
}

/** Budgets of the services, and one over a group's largest trainings, which must not be disturbed at all. */
export function budgetsOf(live: Iterable<LiveTask>): DisruptionBudget[] {
  const all = [...live].filter(({ task }) => !task.infrastructure);
  const services = SERVICES.flatMap(({ name, namespace, minAvailable }): DisruptionBudget[] => {
    if (minAvailable === undefined) return [];
    const own = all.filter(({ task }) => task.namespace === namespace && task.labels['app'] === name);
    const healthy = own.filter(({ task }) => task.phase === 'running').length;
    const disruptionsAllowed = Math.max(0, healthy - minAvailable);
    return [{ namespace, name, disruptionsAllowed, taskIds: own.map(({ task }) => task.id) }];
  });
  const guarded = all.filter(({ task }) => GUARDED.has(task.parameters.name ?? ''));
  const taskIds = guarded.map(({ task }) => task.id);
  return [...services, { namespace: 'language', name: 'large-trainings', disruptionsAllowed: 0, taskIds }];
}

const GUARDED: ReadonlySet<string> = new Set(['pretrain-encoder', 'train-mixture']);
