import { type Random, randomIndex, seededRandom, shuffled } from '../../../src/core/model/random.ts';
import { chance, pick } from '../randomCluster.ts';

/** How long a round's storm blows before it calms down, in milliseconds. */
export const STORM_MILLISECONDS = 9000;

/** All that a round will do; the same seed gives the same plan. What then meets what is up to the machine's load. */
export type RoundPlan = {
  readonly seed: number;
  readonly jobs: readonly JobShape[];
  readonly pods: readonly PodShape[];
  readonly machines: readonly (readonly Run[])[];
  readonly faults: readonly Fault[];
  readonly users: readonly UserAction[];
};

/** What a task asks for, and how its program behaves. */
export type TaskShape = {
  readonly name: string;
  readonly milliCpu: number;
  readonly mebibytes: number;
  readonly containers: number;
  readonly sidecar: boolean;
  /** Limits equal to the requests, twice as large, or none. */
  readonly limits: 'equal' | 'double' | 'none';
  readonly graceSeconds: number;
  readonly stopSeconds: number;
};

export type JobShape = TaskShape & {
  readonly parallelism: number;
  readonly completions?: number;
  readonly indexed: boolean;
  readonly runtimeSeconds?: number;
  readonly backoffLimit: number;
  readonly deadlineSeconds?: number;
  readonly ttlSeconds?: number;
  /** A rule that fails the Job at exit codes 137 and 143: what a stopped program ends with. */
  readonly failsAtSignals: boolean;
  readonly replacement?: 'Failed' | 'TerminatingOrFailed';
  /** `maxUnavailable` of its disruption budget. */
  readonly budget?: number;
  readonly affinity?: 'preferred' | 'required';
  /** Server-side applied by a GitOps controller; its manifest says `suspend: false`, or nothing of it. */
  readonly gitOps?: 'says' | 'silent';
};

export type PodShape = TaskShape & { readonly gated: boolean };

/** A move that a machine plans for a task, when its turn comes and the task is there. */
export type Intent = {
  readonly move: 'migrate' | 'resize' | 'place';
  readonly task: string;
  /** Which of the nodes that it is not on. */
  readonly node: number;
  readonly cpuFactor: number;
  readonly memoryFactor: number;
};

export type Signal = { readonly name: SignalName; readonly afterMilliseconds: number };
export type SignalName = 'SIGKILL' | 'SIGTERM' | 'SIGHUP' | 'SIGINT';

/**
 * One command on a machine: `new` applies a plan of its own, `again` the plan that lies there, `copy` the plan of the
 * machine before it, `planned` one that `stowage plan` has made; `resume` applies without a plan.
 */
export type Run = {
  readonly kind: 'new' | 'again' | 'copy' | 'planned' | 'resume' | 'undo';
  readonly pauseMilliseconds: number;
  readonly moves: readonly Intent[];
  readonly signal?: Signal;
  /** The folder's journal is lost first. */
  readonly forgets: boolean;
};

/** From `atMilliseconds` on, for so long and at most so often, what the proxy does to requests of the kind `on`. */
export type Fault = {
  readonly kind: FaultKind;
  readonly on: 'write' | 'read' | 'any';
  readonly atMilliseconds: number;
  readonly forMilliseconds: number;
  readonly hits: number;
};

export const FAULT_KINDS = [
  ...(['cut', 'cutAfterWrite', 'fail', 'failAfterWrite', 'throttle'] as const),
  ...(['forbid', 'conflict', 'truncate', 'slow', 'outage'] as const),
];
/** Those that only writes meet. */
const AT_WRITES = ['cutAfterWrite', 'failAfterWrite', 'conflict'] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/**
 * What a user, a GitOps controller or an administrator does: to `task` at a time; or to a Job that is seen stopped by a
 * move, or that has been and runs again, so long after that.
 */
export type UserAction = {
  readonly act: Act;
  readonly task: string;
  readonly when: 'time' | 'stopped' | 'movedOn';
  readonly milliseconds: number;
  /** Chooses a node or an amount. */
  readonly choice: number;
};

/** What a Job's users do. */
const JOB_ACTS = [
  ...(['suspend', 'suspend', 'resume', 'resume', 'delete', 'recreate', 'deletePod', 'scale'] as const),
  ...(['label', 'affinity', 'affinity', 'annotateTemplate', 'sync', 'sync', 'resize'] as const),
];

/** What befalls nodes and the server. */
const CLUSTER_ACTS = ['fill', 'fill', 'cordon', 'uncordon', 'drain', 'deleteNode', 'restartServer'] as const;

export type Act = (typeof JOB_ACTS)[number] | (typeof CLUSTER_ACTS)[number];

/** The plan of a seed's round. */
export function roundPlan(seed: number): RoundPlan {
  const random = seededRandom(seed);
  const jobs = Array.from({ length: 2 + randomIndex(random, 2) }, (_, index) => jobShape(random, `job-${index}`));
  const pods = [
    podShape(random, 'gated-0', true),
    ...(chance(random, 0.4) ? [podShape(random, 'gated-1', true)] : []),
    podShape(random, 'runs-0', false),
  ];
  const machines = Array.from({ length: pick(random, [1, 2, 2, 3]) }, (_, index) =>
    machineRuns(random, index, jobs, pods),
  );
  return {
    seed,
    jobs,
    pods,
    machines,
    faults: Array.from({ length: randomIndex(random, 10) }, () => fault(random)),
    users: Array.from({ length: 2 + randomIndex(random, 8) }, () => userAction(random, jobs, pods)),
  };
}

function taskShape(random: Random, name: string): TaskShape {
  const graceSeconds = pick(random, [1, 2, 4]);
  return {
    name,
    milliCpu: pick(random, [200, 350, 500, 900]),
    mebibytes: pick(random, [64, 192, 500]),
    containers: pick(random, [1, 1, 1, 2, 3]),
    sidecar: chance(random, 0.2),
    limits: pick(random, ['equal', 'equal', 'double', 'none']),
    graceSeconds,
    stopSeconds: pick(random, [0, 0, 1, graceSeconds + 1]),
  };
}

function jobShape(random: Random, name: string): JobShape {
  const parallelism = pick(random, [1, 1, 1, 2, 3]);
  const ends = chance(random, 0.25);
  const completions = pick(random, [undefined, parallelism, 2 * parallelism]);
  return {
    ...taskShape(random, name),
    parallelism,
    ...(completions !== undefined && { completions }),
    indexed: completions !== undefined && chance(random, 0.5),
    ...(ends && { runtimeSeconds: pick(random, [4, 8, 15]) }),
    backoffLimit: pick(random, [0, 0, 1, 6]),
    ...(chance(random, 0.2) && { deadlineSeconds: pick(random, [6, 12, 600, 600]) }),
    ...(chance(random, 0.2) && { ttlSeconds: pick(random, [0, 2, 600]) }),
    failsAtSignals: chance(random, 0.2),
    ...(chance(random, 0.3) && { replacement: pick(random, ['Failed', 'TerminatingOrFailed'] as const) }),
    ...(chance(random, 0.2) && { budget: pick(random, [0, 1, 3]) }),
    ...(chance(random, 0.3) && { affinity: pick(random, ['preferred', 'required'] as const) }),
    ...(chance(random, 0.3) && { gitOps: pick(random, ['says', 'silent'] as const) }),
  };
}

function podShape(random: Random, name: string, gated: boolean): PodShape {
  return { ...taskShape(random, name), gated };
}

function machineRuns(random: Random, index: number, jobs: readonly JobShape[], pods: readonly PodShape[]): Run[] {
  const first = index > 0 && chance(random, 0.3) ? 'copy' : 'new';
  const kinds = [first, ...Array.from({ length: 1 + randomIndex(random, 3) }, () => laterRun(random))] as const;
  return kinds.map((kind, turn) => ({
    kind,
    pauseMilliseconds: turn === 0 ? randomIndex(random, 800 + 1500 * index) : randomIndex(random, 1200),
    moves: kind === 'new' ? intents(random, jobs, pods) : [],
    ...(chance(random, 0.5) && { signal: signal(random) }),
    forgets: turn > 0 && chance(random, 0.15),
  }));
}

function laterRun(random: Random): Run['kind'] {
  return pick(random, ['again', 'again', 'resume', 'resume', 'new', 'new', 'new', 'undo', 'planned']);
}

function signal(random: Random): Signal {
  const name = pick(random, ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT'] as const);
  return { name, afterMilliseconds: 500 + randomIndex(random, 8000) };
}

/** One to three moves, each of another task, and mostly of a Job that migrates. */
function intents(random: Random, jobs: readonly JobShape[], pods: readonly PodShape[]): Intent[] {
  const ofJobs = shuffled(random, jobs).map(({ name }) => ({
    task: name,
    move: chance(random, 0.75) ? ('migrate' as const) : ('resize' as const),
  }));
  const ofPods = pods.map(({ name, gated }) => ({
    task: name,
    move: gated ? ('place' as const) : ('resize' as const),
  }));
  const [first, ...others] = ofJobs;
  const chosen = shuffled(random, [
    first!,
    ...shuffled(random, [...others, ...ofPods]).slice(0, randomIndex(random, 3)),
  ]);
  return chosen.map(({ task, move }) => ({
    move,
    task,
    node: randomIndex(random, 2),
    cpuFactor: pick(random, [0.4, 0.7, 1, 1.5, 2, 12]),
    memoryFactor: pick(random, [0.5, 1, 1, 1.25, 2]),
  }));
}

function fault(random: Random): Fault {
  const kind = pick(random, [...FAULT_KINDS, ...AT_WRITES]);
  const isAtWrite = AT_WRITES.some((each) => each === kind);
  const lasts = kind === 'outage' || kind === 'forbid';
  return {
    kind,
    on: isAtWrite ? 'write' : lasts ? 'any' : pick(random, ['write', 'read', 'any']),
    atMilliseconds: randomIndex(random, STORM_MILLISECONDS - 1000),
    forMilliseconds: lasts ? 500 + randomIndex(random, 2500) : 5000,
    hits: lasts ? 1000 : pick(random, [1, 1, 2, 6]),
  };
}

/** Something that somebody does, often in answer to a stop; of pods they are resizes. */
function userAction(random: Random, jobs: readonly JobShape[], pods: readonly PodShape[]): UserAction {
  const of = pick(random, ['job', 'job', 'job', 'cluster', 'pod'] as const);
  const act = of === 'job' ? pick(random, JOB_ACTS) : of === 'cluster' ? pick(random, CLUSTER_ACTS) : 'resize';
  const task = of === 'pod' ? pick(random, pods).name : pick(random, jobs).name;
  const when = of === 'pod' ? 'time' : pick(random, ['time', 'stopped', 'stopped', 'movedOn'] as const);
  const span = when === 'time' ? STORM_MILLISECONDS : 1500;
  return { act, task, when, milliseconds: randomIndex(random, span), choice: randomIndex(random, 1000) };
}
