import { createEventQueue, type EventQueue } from '../../core/model/eventQueue.ts';
import type { FinishedTask } from '../../core/model/finished.ts';
import type { Node } from '../../core/model/node.ts';
import { byQueue } from '../../core/model/queue.ts';
import {
  addResources,
  amountOf,
  maxResources,
  NO_RESOURCES,
  type Resources,
  shortage,
  subtractResources,
} from '../../core/model/resources.ts';
import type { Owner, ResizeState, Task, TaskParameters } from '../../core/model/task.ts';
import {
  type ClusterCapacity,
  clusterCapacity,
  type NodeCapacity,
  withAllocation,
  withNode,
  withoutNode,
  withoutTask,
  withTask,
} from '../../core/place/capacity.ts';
import { nodeFilter } from '../../core/place/filter.ts';
import type { MoveRecord, Pin } from '../port.ts';
import { poolConstraints, SPOT_LIFETIME_SECONDS, STATIC_CPU_LABEL } from './hosts.ts';
import { BEGIN_SECONDS, type Recurring, type Run, runsSubmitted } from './workload.ts';

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
  /** Work that needs not be done again. */
  savedSeconds: number;
  lives: number;
  taskId?: string;
  firstStartedAtSeconds?: number;
  done: boolean;
};

/** From SIGTERM to the end of the process. */
const STOPPING_SECONDS = 12;
/** From a request to what a scheduler or kubelet makes of it. */
const REACTION_SECONDS = 2;
const MAINTENANCE_SECONDS = 3600;
const HOUR = 3600;

/** A world of nodes without tasks. */
export function emptyWorld(
  seed: number,
  recurring: readonly Recurring[],
  nodes: readonly Node[],
  atSeconds: number,
): World {
  const capacity = clusterCapacity({ ...NOTHING, takenAtSeconds: atSeconds, nodes });
  const world: World = {
    seed,
    recurring,
    nowSeconds: atSeconds,
    capacity,
    tasks: new Map(),
    owners: new Map(),
    pending: new Set(),
    resizing: new Set(),
    finished: [],
    ended: new Map(),
    events: createEventQueue(),
    nextHour: Math.ceil((atSeconds - BEGIN_SECONDS) / HOUR),
  };
  for (const node of nodes) expectEndOf(world, node);
  return world;
}

const NOTHING = { cluster: '', tasks: [], usage: {}, budgets: [], rights: {}, problems: [] } as const;

/** Lets time pass: tasks arrive, start, end; nodes go and come; what was asked for is done. Never goes back. */
export function advance(world: World, toSeconds: number): void {
  while (BEGIN_SECONDS + world.nextHour * HOUR <= toSeconds) {
    const runs = runsSubmitted(world.seed, world.recurring, world.nextHour);
    advanceEvents(world, BEGIN_SECONDS + world.nextHour * HOUR);
    for (const run of runs) world.events.push(run.submittedAtSeconds, () => submitRun(world, run));
    world.nextHour += 1;
  }
  advanceEvents(world, toSeconds);
}

function advanceEvents(world: World, toSeconds: number): void {
  while (world.events.nextSeconds() <= toSeconds) {
    world.nowSeconds = Math.max(world.nowSeconds, world.events.nextSeconds());
    world.events.pop()!();
  }
  world.nowSeconds = Math.max(world.nowSeconds, toSeconds);
}

/** A run enters the cluster as a Job with its tasks. */
export function submitRun(world: World, run: Run): LiveOwner {
  const owner = addOwner(world, ownerOfRun(world.seed, run));
  for (const index of owner.members.keys()) bind(world, addTask(world, owner, index, run.gated));
  return owner;
}

export function addOwner(world: World, owner: LiveOwner): LiveOwner {
  world.owners.set(owner.key, owner);
  return owner;
}

/** The Job of a run, before it has any task. */
export function ownerOfRun(seed: number, run: Run): LiveOwner {
  const { habit, creator, use } = run.recurring;
  const name = `${habit.name}-${run.key}`;
  const { type, framework, checkpointSeconds } = habit;
  const gpuCount = Math.ceil(run.request.gpuMilli / 1000);
  return {
    key: `${habit.namespace}/${name}`,
    namespace: habit.namespace,
    name,
    uid: `job-${seed}-${run.key}`,
    kind: 'Job',
    generation: 1,
    suspended: false,
    pin: { kind: 'none' },
    template: {
      labels: {
        'job-name': name,
        'stowage.dev/creator': creator,
        'stowage.dev/type': type,
        'stowage.dev/framework': framework,
      },
      gpuCount,
      ...(gpuCount > 0 && { gpuResource: 'nvidia.com/gpu' }),
      request: run.request,
      qosClass: run.request.gpuMilli >= 1000 ? 'Guaranteed' : 'Burstable',
      parameters: parametersOf(run),
      constraints: poolConstraints(run.recurring.habit.pool),
      priority: 0,
      endless: false,
      runtimeLimitSeconds: habit.limitSeconds,
    },
    use,
    ...(checkpointSeconds !== undefined && { checkpointSeconds }),
    run,
    members: Array.from({ length: habit.parallelism }, () => ({
      workSeconds: run.runtimeSeconds,
      savedSeconds: 0,
      lives: 0,
      done: false,
    })),
  };
}

/** A new pending task of an owner, one more life of that member. */
export function addTask(world: World, owner: LiveOwner, index: number, gated: boolean): LiveTask {
  const member = owner.members[index]!;
  member.lives += 1;
  const uid = `${owner.uid}-${index}-${member.lives}`;
  const part = owner.members.length > 1 ? `${index}-` : '';
  const name = `${owner.name}-${part}${suffix(uid)}`;
  const { template, checkpointSeconds } = owner;
  const checkpoint = { location: `s3://checkpoints/${owner.namespace}/${owner.name}` };
  const task: Task = {
    ...template,
    id: `${owner.namespace}/${name}`,
    uid,
    namespace: owner.namespace,
    name,
    owner: ownerOf(owner),
    phase: 'pending',
    allocation: owner.allocation ?? template.request,
    desired: owner.allocation ?? template.request,
    constraints: pinned(template.constraints, owner.pin),
    createdAtSeconds: world.nowSeconds,
    gated,
    infrastructure: false,
    ...(checkpointSeconds !== undefined && { checkpoint }),
    generation: 1,
    problems: [],
  };
  member.taskId = task.id;
  return addLive(world, { task, owner, member: index, use: owner.use, granted: NO_RESOURCES });
}

export function addLive(world: World, live: LiveTask): LiveTask {
  world.tasks.set(live.task.id, live);
  if (live.task.node === undefined) world.pending.add(live.task.id);
  else world.capacity = withTask(world.capacity, live.task, live.task.node);
  return live;
}

/** What an owner looks like to its tasks' readers. */
export function ownerOf({ kind, name, uid, generation, members, suspended }: LiveOwner): Owner {
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'apps/v1';
  const parallelism = kind === 'Job' ? members.filter(({ done }) => !done).length : members.length;
  return { kind, apiVersion, name, uid, generation, parallelism, suspended };
}

/** Asks the scheduler to look at all that waits soon, as it does when an object changes. */
export function scheduleSoon(world: World): void {
  world.events.push(world.nowSeconds + REACTION_SECONDS, () => schedule(world));
}

/** Asks a task's kubelet to act on its spec soon. */
export function actuateSoon(world: World, live: LiveTask): void {
  world.resizing.add(live);
  world.events.push(world.nowSeconds + REACTION_SECONDS, () => actuate(world, live));
}

/**
 * Binds every waiting task that fits, by priority and age.
 * @param name the one node that gained room; absent: any may have
 */
function schedule(world: World, name?: string): void {
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

/** The node with the most capacity left of those that fit, kube-scheduler's spreading; a preferred one before all. */
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

function start(world: World, live: LiveTask, { node }: NodeCapacity): void {
  const { unschedulableSinceSeconds: _, ...task } = live.task;
  world.pending.delete(task.id);
  world.capacity = withTask(world.capacity, task, node.name);
  const bound = world.capacity.nodes[world.capacity.indexOf.get(node.name)!]!.tasks.at(-1)!;
  runFrom(world, live, { ...bound, phase: 'running', startedAtSeconds: world.nowSeconds });
}

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
  schedule(world, task.node);
}

/** A row of history. */
export function finishedTask(id: string, run: Run, startedAtSeconds: number, endedAtSeconds: number): FinishedTask {
  const { request, submittedAtSeconds, outcome } = run;
  return {
    id,
    parameters: parametersOf(run),
    request,
    size: request.gpuMilli > 0 ? request.gpuMilli / 1000 : request.milliCpu / 1000,
    submittedAtSeconds,
    startedAtSeconds,
    endedAtSeconds,
    outcome,
    meanUsage: usedOf(request, request, run.recurring.use),
  };
}

function parametersOf({ recurring: { habit, creator }, dataScale }: Run): TaskParameters {
  const { name, type, framework, namespace } = habit;
  return { creator, type, framework, dataScale, name, queue: namespace };
}

/** What a task uses of a request; CPU is throttled at its limit. */
export function usedOf(request: Resources, limit: Resources, use: Recurring['use']): Resources {
  return {
    milliCpu: Math.min(limit.milliCpu, Math.round(request.milliCpu * use.cpu)),
    memoryBytes: Math.min(limit.memoryBytes, Math.round(request.memoryBytes * use.memory)),
    gpuMilli: Math.round(request.gpuMilli * use.gpu),
    extended: request.extended,
  };
}

function remove(world: World, live: LiveTask): void {
  const { task, owner, member } = live;
  world.tasks.delete(task.id);
  world.pending.delete(task.id);
  world.capacity = withoutTask(world.capacity, task);
  const place = owner?.members[member];
  if (place?.taskId === task.id) delete place.taskId;
  world.resizing.delete(live);
  for (const other of world.resizing) if (other.task.node === task.node) actuate(world, other);
}

/** Stops a task: it saves what it can, and is gone after its grace. A pending one is gone at once. */
export function stop(world: World, live: LiveTask): void {
  if (live.task.phase === 'ending') return;
  saveProgress(world, live);
  if (live.task.phase === 'pending') return remove(world, live);
  live.task = { ...live.task, phase: 'ending' };
  world.events.push(world.nowSeconds + STOPPING_SECONDS, () => {
    remove(world, live);
    schedule(world, live.task.node);
  });
}

/** Work up to the last checkpoint needs not be done again; without checkpoints all of this life is lost. */
function saveProgress(world: World, { task, owner, member: index }: LiveTask): void {
  const member = owner?.members[index];
  if (!member || task.startedAtSeconds === undefined) return;
  const saved = lastCheckpoint(owner!, member, task.startedAtSeconds, world.nowSeconds);
  member.savedSeconds = saved?.savedSeconds ?? 0;
}

/** The latest checkpoint of a running task: how much work it holds, and when it was saved. */
export function lastCheckpoint(
  { checkpointSeconds }: LiveOwner,
  { savedSeconds }: Member,
  startedAtSeconds: number,
  nowSeconds: number,
): { readonly savedSeconds: number; readonly atSeconds: number } | undefined {
  if (checkpointSeconds === undefined) return undefined;
  const since = Math.floor((nowSeconds - startedAtSeconds) / checkpointSeconds) * checkpointSeconds;
  return { savedSeconds: savedSeconds + since, atSeconds: startedAtSeconds + since };
}

/** The kubelet's part of a resize: grants it, defers it while there is no room, or says that it never can. */
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
    schedule(world, task.node);
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

/** Node events: a spot node is replaced, one under maintenance is away for an hour; their tasks begin again elsewhere. */
function expectEndOf(world: World, { name, deadline }: Node): void {
  if (!deadline) return;
  world.events.push(deadline.atSeconds, () => {
    const { node } = world.capacity.nodes[world.capacity.indexOf.get(name)!]!;
    const lost = [...world.tasks.values()].filter(({ task }) => task.node === name);
    const agents = lost.filter(({ task }) => task.infrastructure);
    for (const live of lost) {
      if (live.task.phase === 'running') saveProgress(world, live);
      remove(world, live);
    }
    const { deadline: _, ...lasting } = node;
    if (deadline.source === 'expiry') {
      const atSeconds = world.nowSeconds + SPOT_LIFETIME_SECONDS;
      const next: Node = {
        ...lasting,
        uid: `${name}-${world.nowSeconds}`,
        createdAtSeconds: world.nowSeconds,
        deadline: { atSeconds, source: 'expiry' },
      };
      putNode(world, next, agents);
      expectEndOf(world, next);
    } else {
      putNode(world, { ...lasting, ready: false }, []);
      world.events.push(world.nowSeconds + MAINTENANCE_SECONDS, () => {
        putNode(world, lasting, agents);
        schedule(world);
      });
    }
    for (const { owner, member, task } of lost)
      if (owner && !owner.suspended && !task.infrastructure) addTask(world, owner, member, false);
    schedule(world);
  });
}

function putNode(world: World, node: Node, agents: readonly LiveTask[]): void {
  world.capacity = withNode(withoutNode(world.capacity, node.name), node);
  for (const agent of agents) addLive(world, agent);
}

function pinned(constraints: Task['constraints'], pin: Pin): Task['constraints'] {
  return pin.kind === 'required' ? onlyOn(constraints, pin.node) : constraints;
}

/** The constraints, narrowed to one node: every affinity term gains the node's name. */
export function onlyOn(constraints: Task['constraints'], node: string): Task['constraints'] {
  const terms = constraints.nodeAffinity ?? [{ expressions: [], fields: [] }];
  const field = { key: 'metadata.name', operator: 'In', values: [node] } as const;
  return {
    ...constraints,
    nodeAffinity: terms.map(({ expressions, fields }) => ({ expressions, fields: [...fields, field] })),
  };
}

/** Five letters that look generated and are the same for the same uid. */
function suffix(uid: string): string {
  let hash = 2166136261;
  for (let index = 0; index < uid.length; index += 1) hash = Math.imul(hash ^ uid.charCodeAt(index), 16777619);
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from({ length: 5 }, () => {
    hash = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995);
    return letters[(hash >>> 4) % letters.length]!;
  }).join('');
}
