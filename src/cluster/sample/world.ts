import type { EventQueue } from '../../core/model/eventQueue.ts';
import type { FinishedTask } from '../../core/model/finished.ts';
import type { Resources } from '../../core/model/resources.ts';
import type { Task } from '../../core/model/task.ts';
import { type ClusterCapacity, withTask } from '../../core/place/capacity.ts';
import type { MoveRecord, Pin } from '../port.ts';
import type { Recurring, Run } from './workload.ts';

/**
 * The sample's whole state: nodes, owners and tasks, with the truth that a real cluster hides. Time moves by `advance`
 * alone; the same seed, acts and moments give the same world, in steps of any length.
 */
export type World = {
  readonly seed: number;
  readonly recurring: readonly Recurring[];
  nowSeconds: number;
  /** What the scheduler counts as held. */
  capacity: ClusterCapacity;
  readonly tasks: Map<string, LiveTask>;
  readonly owners: Map<string, LiveOwner>;
  /** Ids of tasks that wait for a node, oldest first; gated ones too. */
  readonly pending: Set<string>;
  /** Tasks whose last resize is not granted yet. */
  readonly resizing: Set<LiveTask>;
  /** What ended since the world began, in that order. */
  readonly finished: FinishedTask[];
  /** How tasks ended, by uid. */
  readonly ended: Map<string, { readonly task: Task; readonly outcome: 'succeeded' | 'failed' }>;
  readonly events: EventQueue<() => void>;
  /** Tells the scheduler that a node has more free than before; absent: that any may have. */
  readonly capacityGained: (node?: string) => void;
  nextHour: number;
};

/** A task with what stands behind it. */
export type LiveTask = {
  /** What anyone may read; replaced whole. */
  task: Task;
  readonly owner: LiveOwner | undefined;
  readonly member: number;
  readonly use: Recurring['use'];
  /** What its node has granted. */
  granted: Resources;
  record?: MoveRecord;
};

/** A Job, or a Deployment that never ends, with its tasks' progress. */
export type LiveOwner = {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly kind: 'Job' | 'Deployment';
  generation: number;
  suspended: boolean;
  pin: Pin;
  record?: MoveRecord;
  /** What each of its tasks asks for since a migration; absent: what its template says. */
  allocation?: Resources;
  /** What each new task of it looks like. */
  readonly template: Pick<
    Task,
    'labels' | 'gpuCount' | 'request' | 'qosClass' | 'parameters' | 'constraints' | 'priority' | 'endless'
  > & { readonly gpuResource?: string; readonly runtimeLimitSeconds?: number };
  readonly use: Recurring['use'];
  /** How often it saves what it has done; absent: never. */
  readonly checkpointSeconds?: number;
  /** What it runs; absent for a Deployment. */
  readonly run?: Run;
  readonly members: Member[];
};

/** One of an owner's tasks, over all its lives. */
export type Member = {
  readonly workSeconds: number;
  /** Work that need not be done again. */
  savedSeconds: number;
  lives: number;
  taskId?: string;
  firstStartedAtSeconds?: number;
  done: boolean;
};

/** From a request to what a scheduler or kubelet makes of it. */
export const REACTION_SECONDS = 2;

/** Adds an owner; its tasks are added one by one. */
export function addOwner(world: World, owner: LiveOwner): LiveOwner {
  world.owners.set(owner.key, owner);
  return owner;
}

/** Adds a task: bound to its node, or to those that wait for one. */
export function addLive(world: World, live: LiveTask): LiveTask {
  world.tasks.set(live.task.id, live);
  if (live.task.node === undefined) world.pending.add(live.task.id);
  else world.capacity = withTask(world.capacity, live.task, live.task.node);
  return live;
}
