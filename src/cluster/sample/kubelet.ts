import type { Node } from '../../core/model/node.ts';
import {
  addResources,
  amountOf,
  maxResources,
  NO_RESOURCES,
  type Resources,
  shortage,
  subtractResources,
} from '../../core/model/resources.ts';
import type { ResizeState, Task } from '../../core/model/task.ts';
import { withAllocation, withoutTask } from '../../core/place/capacity.ts';
import { saveProgress } from './checkpoints.ts';
import { STATIC_CPU_LABEL } from './hosts.ts';
import { finishedTask } from './owners.ts';
import { usedOf } from './usage.ts';
import { type LiveTask, type Member, REACTION_SECONDS, type World } from './world.ts';

/** From SIGTERM to the end of the process. */
const STOPPING_SECONDS = 12;

/** A bound task starts to work, or goes on where an earlier life of it saved. */
export function runFrom(world: World, live: LiveTask, task: Task): void {
  live.task = task;
  live.granted = task.desired;
  const member = live.owner?.members[live.member];
  if (!member) return;
  member.firstStartedAtSeconds ??= task.startedAtSeconds!;
  const endsAtSeconds = task.startedAtSeconds! + member.workSeconds - member.savedSeconds;
  if (endsAtSeconds === Number.POSITIVE_INFINITY) return;
  world.events.push(endsAtSeconds, () => {
    if (world.tasks.get(live.task.id) === live && live.task.phase === 'running') finish(world, live, member);
  });
}

function finish(world: World, live: LiveTask, member: Member): void {
  const { task, owner } = live;
  const { run, name, namespace } = owner!;
  member.done = true;
  const id = owner!.members.length > 1 ? `${namespace}/${name}-${live.member}` : `${namespace}/${name}`;
  world.finished.push(finishedTask(id, run!, member.firstStartedAtSeconds!, world.nowSeconds));
  world.ended.set(task.uid, { task, outcome: run!.outcome });
  remove(world, live);
  world.capacityGained(task.node);
}

/** Stops a task: it saves what it can, and is gone after its grace. A pending one is gone at once. */
export function stop(world: World, live: LiveTask): void {
  if (live.task.phase === 'ending') return;
  saveProgress(world, live);
  if (live.task.phase === 'pending') return remove(world, live);
  live.task = { ...live.task, phase: 'ending' };
  world.events.push(world.nowSeconds + STOPPING_SECONDS, () => {
    remove(world, live);
    world.capacityGained(live.task.node);
  });
}

/** Takes a task off the cluster, whether it has ended or its node has; its neighbours' resizes may be granted now. */
export function remove(world: World, live: LiveTask): void {
  const { task, owner, member } = live;
  world.tasks.delete(task.id);
  world.pending.delete(task.id);
  world.capacity = withoutTask(world.capacity, task);
  const place = owner?.members[member];
  if (place?.taskId === task.id) delete place.taskId;
  world.resizing.delete(live);
  for (const other of world.resizing) if (other.task.node === task.node) actuate(world, other);
}

/** Lets a task's kubelet act on its spec in a moment. */
export function actuateSoon(world: World, live: LiveTask): void {
  world.resizing.add(live);
  world.events.push(world.nowSeconds + REACTION_SECONDS, () => actuate(world, live));
}

/**
 * The kubelet's part of a resize: grants it, defers it while the node has too little free, or says that it never can.
 */
function actuate(world: World, live: LiveTask): void {
  const { task } = live;
  if (world.tasks.get(task.id) !== live || task.phase !== 'running') return;
  const { node } = world.capacity.nodes[world.capacity.indexOf.get(task.node!)!]!;
  const state = resizeStateOf(world, live, node);
  const { resizeState, ...rest } = task;
  if (!state) {
    world.resizing.delete(live);
    live.granted = task.desired;
    live.task = { ...rest, allocation: task.desired };
    world.capacity = withAllocation(world.capacity, task, task.desired);
    world.capacityGained(task.node);
    return;
  }
  const sinceSeconds = resizeState?.kind === state.kind ? resizeState.sinceSeconds! : world.nowSeconds;
  // What can never be granted does not count as held (KEP-1287).
  const allocation = state.kind === 'infeasible' ? live.granted : maxResources(live.granted, task.desired);
  live.task = { ...task, allocation, resizeState: { ...state, sinceSeconds } };
  world.capacity = withAllocation(world.capacity, task, allocation);
}

function resizeStateOf(world: World, live: LiveTask, node: Node): Omit<ResizeState, 'sinceSeconds'> | undefined {
  const { task, granted } = live;
  const { desired } = task;
  const changesCpu = desired.milliCpu !== granted.milliCpu;
  if (changesCpu && node.labels[STATIC_CPU_LABEL] === 'static' && task.qosClass === 'Guaranteed') {
    return {
      kind: 'infeasible',
      message: 'Resize is infeasible for Guaranteed Pods alongside CPU Manager static policy',
    };
  }
  const used = usedOf(task.request, granted, live.use).memoryBytes;
  if (desired.memoryBytes < used) {
    const message = `attempting to set memory limit (${desired.memoryBytes}) below current usage (${used})`;
    return { kind: 'inProgress', message };
  }
  const others = grantedToOthers(world, live, node.name);
  const short = shortage(desired, subtractResources(node.allocatable, others));
  if (!short) return undefined;
  const { resource, requested } = short;
  const numbers = `requested: ${requested}, used: ${amountOf(others, resource)}, capacity: ${amountOf(node.allocatable, resource)}`;
  return { kind: 'deferred', message: `Node didn't have enough resource: ${resource}, ${numbers}` };
}

function grantedToOthers(world: World, live: LiveTask, node: string): Resources {
  let sum = NO_RESOURCES;
  for (const other of world.tasks.values()) {
    if (other !== live && other.task.node === node) sum = addResources(sum, other.granted);
  }
  return sum;
}
