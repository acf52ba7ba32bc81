import { byQueue } from '../../core/model/queue.ts';
import { type NodeCapacity, withTask } from '../../core/place/capacity.ts';
import { nodeFilter } from '../../core/place/filter.ts';
import { runFrom } from './kubelet.ts';
import { addTask, ownerOfRun } from './owners.ts';
import type { Run } from './workload.ts';
import { addOwner, type LiveOwner, type LiveTask, REACTION_SECONDS, type World } from './world.ts';

/** A run enters the cluster as a Job with its tasks. */
export function submitRun(world: World, run: Run): LiveOwner {
  const owner = addOwner(world, ownerOfRun(world.seed, run));
  for (const index of owner.members.keys()) bind(world, addTask(world, owner, index, run.gated));
  return owner;
}

/** Lets the scheduler try all waiting tasks in a moment, as it does when an object changes. */
export function scheduleSoon(world: World): void {
  world.events.push(world.nowSeconds + REACTION_SECONDS, () => schedule(world));
}

/**
 * Binds every waiting task that fits, by priority and age.
 * @param name the one node that has more free than before; absent: any may have
 */
export function schedule(world: World, name?: string): void {
  const gained = name === undefined ? undefined : world.capacity.indexOf.get(name)!;
  const waiting = [...world.pending].map((id) => world.tasks.get(id)!).filter(({ task }) => !task.gated);
  for (const live of waiting.sort((left, right) => byQueue(left.task, right.task))) bind(world, live, gained);
}

function bind(world: World, live: LiveTask, only?: number): void {
  const { nodes } = world.capacity;
  if (live.task.gated) return;
  const node = chooseNode(world, live, only === undefined ? nodes : [nodes[only]!]);
  if (node) start(world, live, node);
  else if (live.task.unschedulableSinceSeconds === undefined) {
    live.task = { ...live.task, unschedulableSinceSeconds: world.nowSeconds };
  }
}

/** The node with the most free of those that fit, kube-scheduler's spreading; a preferred one before all. */
function chooseNode(world: World, { task, owner }: LiveTask, nodes: readonly NodeCapacity[]): NodeCapacity | undefined {
  const refuses = nodeFilter(task, world.capacity);
  const preferred = owner?.pin.kind === 'preferred' ? owner.pin.node : undefined;
  let best: NodeCapacity | undefined;
  for (const held of nodes) {
    if (refuses(held)) continue;
    if (held.node.name === preferred) return held;
    if (!best || freeFraction(held) > freeFraction(best)) best = held;
  }
  return best;
}

function freeFraction({ node: { allocatable }, free }: NodeCapacity): number {
  const parts = [free.milliCpu / allocatable.milliCpu, free.memoryBytes / allocatable.memoryBytes];
  if (allocatable.gpuMilli > 0) parts.push(free.gpuMilli / allocatable.gpuMilli);
  return parts.reduce((sum, part) => sum + part, 0) / parts.length;
}

/** On its node a task is as its owner wants it: a pin has led it there, and does not keep it. */
function start(world: World, live: LiveTask, { node }: NodeCapacity): void {
  const { unschedulableSinceSeconds: _, ...pending } = live.task;
  const { constraints } = live.owner?.template ?? pending;
  const task = { ...pending, constraints };
  world.pending.delete(task.id);
  world.capacity = withTask(world.capacity, task, node.name);
  const bound = world.capacity.nodes[world.capacity.indexOf.get(node.name)!]!.tasks.at(-1)!;
  runFrom(world, live, { ...bound, phase: 'running', startedAtSeconds: world.nowSeconds });
}
