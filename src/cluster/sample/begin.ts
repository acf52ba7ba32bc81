import { createEventQueue } from '../../core/model/eventQueue.ts';
import type { FinishedTask } from '../../core/model/finished.ts';
import type { Node } from '../../core/model/node.ts';
import { type Random, seededRandom } from '../../core/model/random.ts';
import type { Resources } from '../../core/model/resources.ts';
import { clusterCapacity } from '../../core/place/capacity.ts';
import { advance } from './advance.ts';
import { SERVICES, sampleNodes } from './hosts.ts';
import { addAgent, expectEndOf } from './nodes.ts';
import { addTask, finishedTask, ownerOfRun, ownerOfService } from './owners.ts';
import { schedule, scheduleSoon, submitRun } from './scheduler.ts';
import {
  BEGIN_SECONDS,
  drawRun,
  HISTORY_HOURS,
  type Recurring,
  type Run,
  recurringTasks,
  runsSubmitted,
} from './workload.ts';
import { addOwner, type World } from './world.ts';

/** What a seed begins with: the world at `BEGIN_SECONDS`, and what had ended before the world was set up. */
export type Beginning = { readonly world: World; readonly history: readonly FinishedTask[] };

/**
 * The world runs for this long before its first afternoon, so that its free capacity is fragmented, as a real cluster's
 * is.
 */
const LIVED_IN_HOURS = 20;
const MINUTE = 60;
const HOUR = 3600;

/**
 * The sample's first afternoon: ten days of runs, which are history where they have ended and run where not; the
 * services; and the opening, which waits for somebody to plan.
 */
export function begin(seed: number): Beginning {
  const recurring = recurringTasks(seed);
  const atSeconds = BEGIN_SECONDS - LIVED_IN_HOURS * HOUR;
  const world = emptyWorld(seed, recurring, sampleNodes(), atSeconds);
  for (const { node } of world.capacity.nodes) addAgent(world, node);
  for (const service of SERVICES) {
    const owner = addOwner(world, ownerOfService(seed, service));
    for (const index of owner.members.keys()) addTask(world, owner, index, false);
  }
  const history: FinishedTask[] = [];
  const random = seededRandom(seed + 0.25);
  for (let hour = -HISTORY_HOURS; hour < -LIVED_IN_HOURS; hour += 1) {
    for (const run of runsSubmitted(seed, recurring, hour)) history.push(...settle(world, run, random));
  }
  scheduleSoon(world);
  submitOpening(world, seed);
  advance(world, BEGIN_SECONDS);
  return { world, history };
}

/** A run from before the world: rows of history for what has ended, tasks that go on for what has not. */
function settle(world: World, run: Run, random: Random): FinishedTask[] {
  const startedAtSeconds = run.submittedAtSeconds + 2 + Math.floor(90 * random() ** 4);
  const endedAtSeconds = startedAtSeconds + run.runtimeSeconds;
  if (endedAtSeconds <= world.nowSeconds) {
    const { habit } = run.recurring;
    const name = `${habit.namespace}/${habit.name}-${run.key}`;
    const ids = habit.parallelism > 1 ? Array.from({ length: habit.parallelism }, (_, i) => `${name}-${i}`) : [name];
    return ids.map((id) => finishedTask(id, run, startedAtSeconds, endedAtSeconds));
  }
  // It goes on with what it has left, wherever the scheduler finds that it fits now.
  const owner = addOwner(world, ownerOfRun(world.seed, run));
  for (const [index, member] of owner.members.entries()) {
    member.firstStartedAtSeconds = startedAtSeconds;
    member.savedSeconds = world.nowSeconds - startedAtSeconds;
    addTask(world, owner, index, false);
  }
  return [];
}

/**
 * What waits on the first afternoon: tasks left to Stowage behind a gate, and tasks for which the free capacity would
 * be enough if it were in one place. Tasks of a large shape are submitted until one stays pending.
 */
function submitOpening(world: World, seed: number): void {
  const random = seededRandom(seed + 0.5);
  const submit = (name: string, minutesBefore: number, change: Partial<Run> = {}, most = 1) => {
    const recurring = ofHabit(world.recurring, name);
    const atSeconds = BEGIN_SECONDS - minutesBefore * MINUTE;
    world.events.push(atSeconds, () => {
      let number = 0;
      let pending = false;
      while (!pending && number < most) {
        const key = `${name.length.toString(36)}${minutesBefore.toString(36)}${number.toString(36)}`;
        const owner = submitRun(world, { ...drawRun(recurring, atSeconds, random), key: `m${key}`, ...change });
        pending = [...world.pending].some((id) => world.tasks.get(id)!.owner === owner);
        number += 1;
      }
    });
  };
  submit('evaluate-release', 25, { request: gpuRequest(64_000, 384, 8) }, 3);
  submit('train-detector', 35, { request: gpuRequest(24_000, 96, 4) }, 6);
  submit('simulate-flow', 45, { request: gpuRequest(48_000, 144, 0) }, 4);
  submit('etl-clickstream', 22, { gated: true });
  submit('finetune-bert', 20, { gated: true });
  submit('train-resnet', 18, { gated: true });
  submit('label-images', 12, { gated: true });
  submit('score-models', 9, { gated: true });
}

function ofHabit(recurring: readonly Recurring[], name: string): Recurring {
  return recurring.find(({ habit }) => habit.name === name)!;
}

function gpuRequest(milliCpu: number, memoryGib: number, gpus: number): Resources {
  return { milliCpu, memoryBytes: memoryGib * 2 ** 30, gpuMilli: gpus * 1000, extended: {} };
}

/** A world of nodes without tasks. */
function emptyWorld(seed: number, recurring: readonly Recurring[], nodes: readonly Node[], atSeconds: number): World {
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
    capacityGained: (node) => schedule(world, node),
    nextHour: Math.ceil((atSeconds - BEGIN_SECONDS) / HOUR),
  };
  for (const node of nodes) expectEndOf(world, node);
  return world;
}

const NOTHING = { cluster: '', tasks: [], usage: {}, budgets: [], rights: {}, problems: [] } as const;
