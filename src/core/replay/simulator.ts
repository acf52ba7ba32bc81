import type { Fleet, GpuMask } from '../fleet/fleet.ts';
import { fits, hold, release } from '../fleet/fleet.ts';
import type { RunningTask, SimulatedTask } from '../fleet/fromSnapshot.ts';
import { createEventQueue, type EventQueue } from '../model/eventQueue.ts';
import type { Ask, FleetPolicy } from '../place/policies/fleetPolicy.ts';
import type { NodeHolds, Survival } from './nodeHolds.ts';
import { createNodeHolds } from './nodeHolds.ts';

export type SimulatorOptions<T extends SimulatedTask = SimulatedTask> = {
  /** Changed by the simulation: hand in a copy to keep yours. */
  readonly fleet: Fleet;
  readonly policy: FleetPolicy;
  readonly nowSeconds: number;
  /**
   * What becomes of a task that fits nowhere: it waits, first come first served among those that fit, or is dropped.
   */
  readonly unplaced: 'wait' | 'drop';
  /**
   * How long a task is expected to run on, given that it has run `elapsedSeconds`; undefined: nothing is known. Asked
   * when a task arrives and, with `repredict`, each time it outlives what was expected.
   */
  readonly expectedRemaining?: (task: T, elapsedSeconds: number) => number | undefined;
  readonly repredict?: boolean;
  /** A task's runtime as a distribution; undefined: it is not known as one. */
  readonly survival?: (task: T) => Survival | undefined;
  readonly onArrived?: (task: T, nowSeconds: number) => void;
  readonly onPlaced?: (running: RunningTask<T>, nowSeconds: number) => void;
  readonly onEnded?: (running: RunningTask<T>, nowSeconds: number) => void;
  readonly onDropped?: (task: T, nowSeconds: number) => void;
  /** A resize or a migration that was due; `done` is false where the task was gone or too little was free. */
  readonly onMoved?: (id: number, kind: 'resize' | 'migration', done: boolean, nowSeconds: number) => void;
};

/** An event-driven simulation. Time moves only by `advanceTo`; nothing is drawn at random here. */
export type Simulator<T extends SimulatedTask = SimulatedTask> = {
  nowSeconds(): number;
  /** Takes over a task that the fleet counts already. */
  adopt(running: RunningTask<T>): void;
  /** Lets a task arrive at a time that is not in the past. */
  submit(task: T, atSeconds: number): void;
  /** From then on the task holds what another class asks for, on the same node (S308). */
  resize(id: number, classNumber: number, memoryBytes: number, atSeconds: number): void;
  /** Moves a task (S410); it works on `pauseSeconds` later than it would have. */
  migrate(id: number, toNode: number, pauseSeconds: number, atSeconds: number): void;
  /** Runs a call of yours at a time, before whatever is queued later for the same instant. */
  at(atSeconds: number, act: () => void): void;
  /** Handles every event due up to and at that time. */
  advanceTo(seconds: number): void;
  /** The running task with that number. */
  runningTask(id: number): RunningTask<T> | undefined;
  running(): Iterable<RunningTask<T>>;
  /** Tasks that wait, oldest first, with since when. */
  waiting(): readonly { readonly task: T; readonly sinceSeconds: number }[];
};

type Event<T extends SimulatedTask> =
  | { readonly kind: 'end'; readonly running: RunningNow<T> }
  | { readonly kind: 'arrival'; readonly task: T }
  | { readonly kind: 'outlived'; readonly running: RunningNow<T>; readonly expectedEndSeconds: number }
  | Resized
  | Migrated
  | { readonly kind: 'call'; readonly act: () => void };

type Resized = {
  readonly kind: 'resize';
  readonly id: number;
  readonly classNumber: number;
  readonly memoryBytes: number;
};
type Migrated = {
  readonly kind: 'migration';
  readonly id: number;
  readonly toNode: number;
  readonly pauseSeconds: number;
};

type RunningNow<T extends SimulatedTask> = { -readonly [key in keyof RunningTask<T>]: RunningTask<T>[key] };

/** A simulation on its way. */
type State<T extends SimulatedTask> = {
  readonly options: SimulatorOptions<T>;
  readonly queue: EventQueue<Event<T>>;
  /** By the task's number. */
  readonly running: Map<number, RunningNow<T>>;
  readonly onNode: readonly RunningNow<T>[][];
  readonly holds: NodeHolds | undefined;
  waiting: { readonly task: T; readonly sinceSeconds: number }[];
  now: number;
};

/** A simulation at `options.nowSeconds` in which nothing runs and nothing waits. */
export function createSimulator<T extends SimulatedTask>(options: SimulatorOptions<T>): Simulator<T> {
  const queue = createEventQueue<Event<T>>();
  const onNode: RunningNow<T>[][] = options.fleet.nodes.map(() => []);
  const holds = options.survival && createNodeHolds(onNode, options.survival);
  const running = new Map<number, RunningNow<T>>();
  const state: State<T> = { options, queue, running, onNode, holds, waiting: [], now: options.nowSeconds };
  const push = (atSeconds: number, event: Event<T>) => queue.push(Math.max(state.now, atSeconds), event);
  return {
    nowSeconds: () => state.now,
    adopt: (adopted) => start(state, { ...adopted }),
    submit: (task, atSeconds) => push(atSeconds, { kind: 'arrival', task }),
    resize: (id, classNumber, memoryBytes, atSeconds) =>
      push(atSeconds, { kind: 'resize', id, classNumber, memoryBytes }),
    migrate: (id, toNode, pauseSeconds, atSeconds) => push(atSeconds, { kind: 'migration', id, toNode, pauseSeconds }),
    at: (atSeconds, act) => push(atSeconds, { kind: 'call', act }),
    advanceTo(seconds) {
      while (queue.nextSeconds() <= seconds) {
        state.now = Math.max(state.now, queue.nextSeconds());
        handle(state, queue.pop()!);
      }
      state.now = Math.max(state.now, seconds);
    },
    runningTask: (id) => running.get(id),
    running: () => running.values(),
    waiting: () => state.waiting,
  };
}

function handle<T extends SimulatedTask>(state: State<T>, event: Event<T>): void {
  const { options, now } = state;
  switch (event.kind) {
    case 'end':
      return end(state, event.running);
    case 'arrival':
      return arrive(state, event.task);
    case 'outlived':
      return outlive(state, event.running, event.expectedEndSeconds);
    case 'resize':
      return options.onMoved?.(event.id, 'resize', resize(state, event), now);
    case 'migration':
      return options.onMoved?.(event.id, 'migration', migrate(state, event), now);
    case 'call':
      return event.act();
  }
}

function end<T extends SimulatedTask>(state: State<T>, task: RunningNow<T>): void {
  if (state.running.get(task.task.id) !== task) return;
  stop(state, task);
  state.options.onEnded?.(task, state.now);
  placeWaiting(state, task.node);
}

function arrive<T extends SimulatedTask>(state: State<T>, task: T): void {
  const { options, now } = state;
  options.onArrived?.(task, now);
  options.policy.arrived?.(askOf(state, task));
  if (place(state, task)) return;
  if (options.unplaced === 'wait') state.waiting.push({ task, sinceSeconds: now });
  else options.onDropped?.(task, now);
}

/** A task runs longer than was expected: its end is predicted anew, given its age. */
function outlive<T extends SimulatedTask>(state: State<T>, task: RunningNow<T>, expectedEndSeconds: number): void {
  if (state.running.get(task.task.id) !== task || task.expectedEndSeconds !== expectedEndSeconds) return;
  const remaining = state.options.expectedRemaining?.(task.task, state.now - task.startedAtSeconds);
  if (remaining === undefined) return;
  task.expectedEndSeconds = state.now + Math.max(1, remaining);
  expect(state, task);
}

function start<T extends SimulatedTask>(state: State<T>, task: RunningNow<T>): void {
  state.running.set(task.task.id, task);
  state.onNode[task.node]!.push(task);
  state.holds?.changed(task.node);
  if (task.endsAtSeconds < Number.POSITIVE_INFINITY)
    state.queue.push(task.endsAtSeconds, { kind: 'end', running: task });
  expect(state, task);
}

/** Lets the node's exit time follow a task's expected end, and asks again when that is over. */
function expect<T extends SimulatedTask>({ options, queue, now }: State<T>, task: RunningNow<T>): void {
  const { expectedEndSeconds, node } = task;
  if (expectedEndSeconds === undefined) return;
  const { exitSeconds } = options.fleet;
  if (expectedEndSeconds > exitSeconds[node]!) exitSeconds[node] = expectedEndSeconds;
  if (options.repredict && expectedEndSeconds < task.endsAtSeconds) {
    queue.push(Math.max(now, expectedEndSeconds), { kind: 'outlived', running: task, expectedEndSeconds });
  }
}

function stop<T extends SimulatedTask>({ options, running, onNode, holds, now }: State<T>, task: RunningNow<T>): void {
  const { fleet, policy } = options;
  const { node, gpus, expectedEndSeconds } = task;
  const { id, classNumber, memoryBytes } = task.task;
  running.delete(id);
  const neighbours = onNode[node]!;
  neighbours[neighbours.indexOf(task)] = neighbours[neighbours.length - 1]!;
  neighbours.pop();
  holds?.changed(node);
  release(fleet, node, classNumber, memoryBytes, gpus);
  policy.ended?.(node, classNumber, now);
  if (expectedEndSeconds === undefined || expectedEndSeconds < fleet.exitSeconds[node]!) return;
  let exit = 0;
  for (const other of neighbours) exit = Math.max(exit, other.expectedEndSeconds ?? 0);
  fleet.exitSeconds[node] = exit;
}

function askOf<T extends SimulatedTask>({ options, holds, now }: State<T>, task: T): Ask {
  const remaining = options.expectedRemaining?.(task, 0);
  const survival = options.survival?.(task);
  return {
    classNumber: task.classNumber,
    memoryBytes: task.memoryBytes,
    nowSeconds: now,
    ...(remaining === undefined ? {} : { endSeconds: now + remaining }),
    ...(holds && survival && { holdSeconds: (node: number) => holds.prolonged(node, survival, now) }),
  };
}

/** Takes what a task asks for from what its node has free, and tells the policy. */
function holdOn<T extends SimulatedTask>({ options }: State<T>, task: T, node: number, ask: Ask): GpuMask {
  const { fleet, policy } = options;
  const gpus = hold(fleet, node, task.classNumber, task.memoryBytes, policy.gpuFree(node, ask));
  policy.placed?.(node, ask);
  return gpus;
}

/** True when it found a node. */
function place<T extends SimulatedTask>(state: State<T>, task: T): boolean {
  const { options, now } = state;
  const ask = askOf(state, task);
  const node = options.policy.choose(ask);
  if (node < 0) return false;
  const placed: RunningNow<T> = {
    task,
    node,
    gpus: holdOn(state, task, node, ask),
    startedAtSeconds: now,
    endsAtSeconds: now + task.runtimeSeconds,
    ...(ask.endSeconds === undefined ? {} : { expectedEndSeconds: ask.endSeconds }),
  };
  start(state, placed);
  options.onPlaced?.(placed, now);
  return true;
}

/** Only `node` has more free than before: tasks that wait and fit there are placed now. */
function placeWaiting<T extends SimulatedTask>(state: State<T>, node: number): void {
  if (state.waiting.length === 0) return;
  const { fleet } = state.options;
  state.waiting = state.waiting.filter(
    ({ task }) => !fits(fleet, node, task.classNumber, task.memoryBytes) || !place(state, task),
  );
}

function resize<T extends SimulatedTask>(state: State<T>, { id, classNumber, memoryBytes }: Resized): boolean {
  const { fleet } = state.options;
  const running = state.running.get(id);
  if (!running) return false;
  const { task, node, gpus } = running;
  const before = fleet.classes.classes[task.classNumber]!;
  const after = fleet.classes.classes[classNumber]!;
  if (after.gpuCount !== before.gpuCount || after.gpuMilli !== before.gpuMilli) return false;
  if (fleet.freeMilliCpu[node]! + before.milliCpu < after.milliCpu) return false;
  if (fleet.freeMemoryBytes[node]! + task.memoryBytes < memoryBytes) return false;
  release(fleet, node, task.classNumber, task.memoryBytes, gpus);
  const share = after.gpuCount === 1 ? fleet.freeGpuMilli[node * fleet.gpuStride + (31 - Math.clz32(gpus))]! : -1;
  running.gpus = hold(fleet, node, classNumber, memoryBytes, share);
  running.task = { ...task, classNumber, memoryBytes };
  placeWaiting(state, node);
  return true;
}

function migrate<T extends SimulatedTask>(state: State<T>, { id, toNode, pauseSeconds }: Migrated): boolean {
  const running = state.running.get(id);
  if (!running || running.node === toNode) return false;
  const { task, node: from, expectedEndSeconds } = running;
  if (!fits(state.options.fleet, toNode, task.classNumber, task.memoryBytes)) return false;
  stop(state, running);
  start(state, {
    ...running,
    node: toNode,
    gpus: holdOn(state, task, toNode, askOf(state, task)),
    endsAtSeconds: running.endsAtSeconds + pauseSeconds,
    ...(expectedEndSeconds === undefined ? {} : { expectedEndSeconds: expectedEndSeconds + pauseSeconds }),
  });
  placeWaiting(state, from);
  return true;
}
