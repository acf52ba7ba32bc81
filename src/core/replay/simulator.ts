import type { Fleet } from '../fleet/fleet.ts';
import { fits, hold, release } from '../fleet/fleet.ts';
import type { RunningTask, SimulatedTask } from '../fleet/fromSnapshot.ts';
import { createEventQueue } from '../model/eventQueue.ts';
import type { Ask, Policy } from '../place/policies/policy.ts';
import type { Survival } from './nodeHolds.ts';
import { createNodeHolds } from './nodeHolds.ts';

export type SimulatorOptions<T extends SimulatedTask = SimulatedTask> = {
  /** Changed by the simulation: hand in a copy to keep yours. */
  readonly fleet: Fleet;
  readonly policy: Policy;
  readonly nowSeconds: number;
  /** What becomes of a task that fits nowhere: it waits, first come first served among those that fit, or is dropped. */
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
  /** A resize or a migration that was due; `done` is false where the task was gone or the capacity was missing. */
  readonly onMoved?: (id: number, kind: 'resize' | 'migration', done: boolean, nowSeconds: number) => void;
};

/** An event-driven simulation. Time moves only by `advanceTo`; nothing is drawn at random here. */
export type Simulator<T extends SimulatedTask = SimulatedTask> = {
  nowSeconds(): number;
  /** Takes over a task that the fleet already holds room for. */
  adopt(running: RunningTask<T>): void;
  /** Lets a task arrive at a time that is not in the past. */
  submit(task: T, atSeconds: number): void;
  /** From then on the task holds the capacity of another class on its node (S308). */
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
  | { readonly kind: 'end'; readonly running: Held<T> }
  | { readonly kind: 'arrival'; readonly task: T }
  | { readonly kind: 'outlived'; readonly running: Held<T>; readonly expectedEndSeconds: number }
  | { readonly kind: 'resize'; readonly id: number; readonly classNumber: number; readonly memoryBytes: number }
  | { readonly kind: 'migration'; readonly id: number; readonly toNode: number; readonly pauseSeconds: number }
  | { readonly kind: 'call'; readonly act: () => void };

type Held<T extends SimulatedTask> = { -readonly [key in keyof RunningTask<T>]: RunningTask<T>[key] };

export function createSimulator<T extends SimulatedTask>(options: SimulatorOptions<T>): Simulator<T> {
  const { fleet, policy } = options;
  const queue = createEventQueue<Event<T>>();
  const running = new Map<number, Held<T>>();
  const onNode: Held<T>[][] = fleet.nodes.map(() => []);
  const holds = options.survival && createNodeHolds(onNode, options.survival);
  let waiting: { readonly task: T; readonly sinceSeconds: number }[] = [];
  let now = options.nowSeconds;

  function start(held: Held<T>): void {
    running.set(held.task.id, held);
    onNode[held.node]!.push(held);
    holds?.changed(held.node);
    if (held.endsAtSeconds < Number.POSITIVE_INFINITY) queue.push(held.endsAtSeconds, { kind: 'end', running: held });
    expect(held);
  }

  function expect(held: Held<T>): void {
    const { expectedEndSeconds, node } = held;
    if (expectedEndSeconds === undefined) return;
    if (expectedEndSeconds > fleet.exitSeconds[node]!) fleet.exitSeconds[node] = expectedEndSeconds;
    if (options.repredict && expectedEndSeconds < held.endsAtSeconds) {
      queue.push(Math.max(now, expectedEndSeconds), { kind: 'outlived', running: held, expectedEndSeconds });
    }
  }

  function stop(held: Held<T>): void {
    running.delete(held.task.id);
    const neighbours = onNode[held.node]!;
    neighbours[neighbours.indexOf(held)] = neighbours[neighbours.length - 1]!;
    neighbours.pop();
    holds?.changed(held.node);
    release(fleet, held.node, held.task.classNumber, held.task.memoryBytes, held.gpus);
    policy.ended?.(held.node, held.task.classNumber, now);
    if (held.expectedEndSeconds === undefined || held.expectedEndSeconds < fleet.exitSeconds[held.node]!) return;
    let exit = 0;
    for (const other of neighbours) exit = Math.max(exit, other.expectedEndSeconds ?? 0);
    fleet.exitSeconds[held.node] = exit;
  }

  function askOf(task: T): Ask {
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

  /** True when it found a node. */
  function place(task: T): boolean {
    const ask = askOf(task);
    const node = policy.choose(ask);
    if (node < 0) return false;
    const gpus = hold(fleet, node, task.classNumber, task.memoryBytes, policy.gpuFree(node, ask));
    policy.placed?.(node, ask);
    const held: Held<T> = {
      task,
      node,
      gpus,
      startedAtSeconds: now,
      endsAtSeconds: now + task.runtimeSeconds,
      ...(ask.endSeconds === undefined ? {} : { expectedEndSeconds: ask.endSeconds }),
    };
    start(held);
    options.onPlaced?.(held, now);
    return true;
  }

  /** Only `node` gained room: whoever waits and fits there is asked for again. */
  function placeWaiting(node: number): void {
    if (waiting.length === 0) return;
    waiting = waiting.filter(({ task }) => !fits(fleet, node, task.classNumber, task.memoryBytes) || !place(task));
  }

  function resize(id: number, classNumber: number, memoryBytes: number): boolean {
    const held = running.get(id);
    if (!held) return false;
    const { task, node, gpus } = held;
    const before = fleet.classes.classes[task.classNumber]!;
    const after = fleet.classes.classes[classNumber]!;
    if (after.gpuCount !== before.gpuCount || after.gpuMilli !== before.gpuMilli) return false;
    if (fleet.freeMilliCpu[node]! + before.milliCpu < after.milliCpu) return false;
    if (fleet.freeMemoryBytes[node]! + task.memoryBytes < memoryBytes) return false;
    release(fleet, node, task.classNumber, task.memoryBytes, gpus);
    const share = after.gpuCount === 1 ? fleet.freeGpuMilli[node * fleet.gpuStride + (31 - Math.clz32(gpus))]! : -1;
    held.gpus = hold(fleet, node, classNumber, memoryBytes, share);
    held.task = { ...task, classNumber, memoryBytes };
    placeWaiting(node);
    return true;
  }

  function migrate(id: number, toNode: number, pauseSeconds: number): boolean {
    const held = running.get(id);
    if (!held || held.node === toNode) return false;
    const { task } = held;
    if (!fits(fleet, toNode, task.classNumber, task.memoryBytes)) return false;
    const from = held.node;
    stop(held);
    const ask = askOf(task);
    const gpus = hold(fleet, toNode, task.classNumber, task.memoryBytes, policy.gpuFree(toNode, ask));
    policy.placed?.(toNode, ask);
    start({
      ...held,
      node: toNode,
      gpus,
      endsAtSeconds: held.endsAtSeconds + pauseSeconds,
      ...(held.expectedEndSeconds === undefined ? {} : { expectedEndSeconds: held.expectedEndSeconds + pauseSeconds }),
    });
    placeWaiting(from);
    return true;
  }

  function handle(event: Event<T>): void {
    switch (event.kind) {
      case 'end':
        if (running.get(event.running.task.id) !== event.running) return;
        stop(event.running);
        options.onEnded?.(event.running, now);
        placeWaiting(event.running.node);
        return;
      case 'arrival':
        options.onArrived?.(event.task, now);
        policy.arrived?.(askOf(event.task));
        if (place(event.task)) return;
        if (options.unplaced === 'wait') waiting.push({ task: event.task, sinceSeconds: now });
        else options.onDropped?.(event.task, now);
        return;
      case 'outlived': {
        const held = event.running;
        if (running.get(held.task.id) !== held || held.expectedEndSeconds !== event.expectedEndSeconds) return;
        const remaining = options.expectedRemaining?.(held.task, now - held.startedAtSeconds);
        if (remaining === undefined) return;
        held.expectedEndSeconds = now + Math.max(1, remaining);
        expect(held);
        return;
      }
      case 'resize':
        options.onMoved?.(event.id, 'resize', resize(event.id, event.classNumber, event.memoryBytes), now);
        return;
      case 'migration':
        options.onMoved?.(event.id, 'migration', migrate(event.id, event.toNode, event.pauseSeconds), now);
        return;
      case 'call':
        event.act();
    }
  }

  return {
    nowSeconds: () => now,
    adopt: (adopted) => start({ ...adopted }),
    submit: (task, atSeconds) => queue.push(Math.max(now, atSeconds), { kind: 'arrival', task }),
    resize: (id, classNumber, memoryBytes, atSeconds) =>
      queue.push(Math.max(now, atSeconds), { kind: 'resize', id, classNumber, memoryBytes }),
    migrate: (id, toNode, pauseSeconds, atSeconds) =>
      queue.push(Math.max(now, atSeconds), { kind: 'migration', id, toNode, pauseSeconds }),
    at: (atSeconds, act) => queue.push(Math.max(now, atSeconds), { kind: 'call', act }),
    advanceTo(seconds) {
      while (queue.nextSeconds() <= seconds) {
        now = Math.max(now, queue.nextSeconds());
        handle(queue.pop()!);
      }
      now = Math.max(now, seconds);
    },
    runningTask: (id) => running.get(id),
    running: () => running.values(),
    waiting: () => waiting,
  };
}
