import { DEFAULT_SETTINGS, type UsageWindows } from '../../core/model/settings.ts';
import type { DisruptionBudget, Snapshot } from '../../core/model/snapshot.ts';
import type { Task } from '../../core/model/task.ts';
import type { Usage } from '../../core/model/usage.ts';
import { lastCheckpoint } from './checkpoints.ts';
import { MISSING_RIGHTS, SERVICES } from './hosts.ts';
import { ownerOf } from './owners.ts';
import { usageOf } from './usage.ts';
import type { LiveTask, World } from './world.ts';

/** The world as anyone may see it. Usage is taken over the windows, one reading a minute. */
export function lookAt(world: World, cluster: string, windows: UsageWindows = DEFAULT_SETTINGS): Snapshot {
  const live = [...world.tasks.values()].sort((left, right) => (left.task.id < right.task.id ? -1 : 1));
  const usage: Record<string, Usage> = {};
  for (const each of live) {
    const used = usageOf(each, world.nowSeconds, windows);
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
function seen({ task, owner, member: index }: LiveTask, nowSeconds: number): Task {
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
