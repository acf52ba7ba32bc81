import type { Group } from '../defrag/movable.ts';
import { type MigrationAdvice, searchDefrag } from '../defrag/searchDefrag.ts';
import type { Hash } from '../model/hash.ts';
import type { Migration, Move, OwnerRef, Placement, Resize, RunInformation, TaskRef } from '../model/moves.ts';
import { poolOf } from '../model/node.ts';
import type { SolveProgram } from '../model/program.ts';
import { amountOf, type Resources, resourceNames, withAmount } from '../model/resources.ts';
import { missingRight } from '../model/rights.ts';
import type { Settings } from '../model/settings.ts';
import type { Since } from '../model/since.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { lostWork } from '../model/work.ts';
import { clusterCapacity } from '../place/capacity.ts';
import type { Predictions } from '../predict/prediction.ts';
import { adviseResizes, type ResizeAdvice, type ResizesAdvised } from '../resize/adviseResizes.ts';
import { digest } from './digest.ts';
import { nodesOf } from './goals.ts';
import { placePending } from './placePending.ts';
import {
  PLAN_FORMAT,
  type PlacementAdvice,
  type Plan,
  type PlannedSnapshot,
  type PredictorUsed,
  planRules,
} from './plan.ts';
import { savedOf } from './starts.ts';

export type PlanInputs = {
  readonly snapshot: Snapshot;
  readonly predictions: Predictions;
  readonly predictor: Omit<PredictorUsed, 'chosen'>;
  readonly settings: Settings;
  /** `since` of the last plan of this cluster, and `shrunk <task id>` for tasks that were shrunk; `{}` at first. */
  readonly since: Since;
  /** Solves the programs of repacks (`highs`, handed in); absent: nothing is repacked. */
  readonly solve?: SolveProgram;
  /** Names snapshot and plan. */
  readonly hash: Hash;
};

/** A plan without its forecast, which is made from its moves. */
export type DraftPlan = Omit<Plan, 'format' | 'id' | 'target' | 'forecast'>;

/** Blocked moves a plan lists; how many more there are is counted. */
const MOST_BLOCKED = 200;

/**
 * The moves of a plan. Running work comes first: shrinks free capacity, expands take it; then pending tasks are placed;
 * then a defragmentation frees capacity for those that fit nowhere. Every step sees the capacity that the steps before
 * it leave. A task that is to migrate is not resized as well: the search is made once to know who migrates, and again
 * without their resizes.
 */
export function draftPlan(inputs: PlanInputs): DraftPlan {
  const first = search(inputs, new Set());
  const migrating = new Set(first.defrag.moves.flatMap(({ group }) => group.tasks.map(({ id }) => id)));
  const resizedToo = first.resizes.some(({ task }) => migrating.has(task.id));
  const { resized, resizes, pending, defrag } = resizedToo ? search(inputs, migrating) : first;
  const { snapshot } = inputs;
  const tasks = new Map(snapshot.tasks.map((task) => [task.id, task]));
  const starts = new Map(defrag.starts.map(({ task, to }) => [task.id, to]));
  const late = defrag.starts.filter(
    ({ task }) => task.gated && missingRight(snapshot.rights, 'place', task.namespace) === undefined,
  );
  const moves = [
    ...resizes,
    ...pending.placed.map(placementMove),
    ...defrag.moves.map(({ group, to }) => migrationMove(group, to, snapshot)),
    ...late.map(placementMove),
  ];
  return {
    snapshot: { ...planned(inputs, resized, defrag), pools: poolsOf(moves, snapshot) },
    rules: planRules(inputs.settings),
    predictor: { ...inputs.predictor, chosen: chosenPredictors(inputs.predictions) },
    placements: pending.placements.map((advice) => startedLater(advice, starts.get(advice.taskId), tasks, snapshot)),
    resizes: resized.advice,
    migrations: keptAdvice(defrag.advice),
    moves,
    since: { ...resized.since, ...defrag.since },
  };
}

/** Gives a draft its forecast, what opens its cluster again, and its id. */
export function finishPlan(draft: DraftPlan, hash: Hash, more: Pick<Plan, 'target' | 'forecast'> = {}): Plan {
  const migrations = draft.migrations.map((advice) => withForecast(advice, { ...draft, ...more }));
  const content = { format: PLAN_FORMAT, ...draft, migrations, ...more } as const;
  return { ...content, id: digest(content, hash) };
}

/** A migration with what it saves as the forecast sees it, where that knows when the task it is for starts. */
function withForecast(advice: MigrationAdvice, plan: Pick<Plan, 'placements' | 'forecast'>): MigrationAdvice {
  const { goal, decision, gainNodeSeconds } = advice;
  if (goal.kind !== 'start' || decision.kind !== 'migrate' || goal.savedSeconds === 0) return advice;
  const savedSeconds = Math.max(0, savedOf(plan, goal.taskId) ?? goal.savedSeconds);
  const share = gainNodeSeconds / goal.savedSeconds;
  return { ...advice, goal: { ...goal, savedSeconds }, gainNodeSeconds: share * savedSeconds };
}

/**
 * Resizes, placements and the defragmentation, each on the capacity that the one before leaves.
 * @param migrating tasks that are not resized
 */
function search({ snapshot, predictions, settings, since, solve }: PlanInputs, migrating: ReadonlySet<string>) {
  const tasks = new Map(snapshot.tasks.map((task) => [task.id, task]));
  const resized = adviseResizes({
    snapshot,
    capacity: clusterCapacity(snapshot),
    predictions,
    settings,
    since,
    migrating,
  });
  const resizes = resizeMoves(resized.advice, tasks);
  const pending = placePending(snapshot, resized.capacity, predictions, settings);
  // In the first search everybody may migrate; in the second those that are resized stay.
  const busy = new Set(migrating.size > 0 ? resizes.map(({ task }) => task.id) : []);
  const { capacity, unplaced } = pending;
  const inputs = { snapshot, capacity, unplaced, busy, predictions, settings, since };
  const defrag = searchDefrag({ ...inputs, ...(solve && { solve }) });
  return { resized, resizes, pending, defrag };
}

/** One move a task: all its resources change in one request. It expands as soon as one of them grows. */
function resizeMoves(advice: readonly ResizeAdvice[], tasks: ReadonlyMap<string, Task>): Resize[] {
  const byTask = new Map<string, ResizeAdvice[]>();
  for (const each of advice) {
    if (each.decision.kind !== 'shrink' && each.decision.kind !== 'expand') continue;
    byTask.set(each.taskId, [...(byTask.get(each.taskId) ?? []), each]);
  }
  return [...byTask].map(([id, changes]) => {
    const task = tasks.get(id)!;
    const to = changes.reduce((held: Resources, { resource, decision }) => {
      return 'to' in decision ? withAmount(held, resource, decision.to) : held;
    }, task.allocation);
    const direction = changes.some(({ decision }) => decision.kind === 'expand') ? 'expand' : 'shrink';
    const amounts = { from: task.allocation, to, request: task.request };
    return { kind: 'resize', id: `resize ${id}`, task: taskRef(task), ...ownerName(task), direction, ...amounts };
  });
}

function placementMove({ task, to }: { readonly task: Task; readonly to: string }): Placement {
  return {
    kind: 'placement',
    id: `place ${task.id}`,
    task: taskRef(task),
    ...ownerName(task),
    to,
    request: task.request,
  };
}

function ownerName({ namespace, owner }: Task): Pick<Placement, 'owner'> {
  return owner ? { owner: { kind: owner.kind, namespace, name: owner.name } } : {};
}

function migrationMove(group: Group, to: string, snapshot: Snapshot): Migration {
  const [task, ...others] = group.tasks as readonly [Task, ...Task[]];
  const owner = group.owner!;
  const manager = owner.affinityAppliedBy;
  const reference: OwnerRef = {
    kind: owner.kind,
    namespace: group.namespace,
    name: owner.name,
    uid: owner.uid,
    generation: owner.generation,
  };
  return {
    kind: 'migration',
    id: `migrate ${task.id}`,
    task: taskRef(task),
    ...(others.length > 0 && { others: others.map(taskRef) }),
    owner: reference,
    from: task.node!,
    to,
    allocation: task.allocation,
    run: runInformation(task, group, snapshot),
    ...(manager !== undefined && { warnings: [{ code: 'affinityApplied', manager }] }),
  };
}

/** S410: what is saved before the task is ended. A task of which nothing is measured is taken to use what it holds. */
function runInformation(task: Task, { remaining, tasks }: Group, { takenAtSeconds, usage }: Snapshot): RunInformation {
  const elapsedSeconds = Math.round(Math.max(0, takenAtSeconds - (task.startedAtSeconds ?? takenAtSeconds)));
  const rate = usage[task.id]?.mean ?? task.allocation;
  const usageSoFar = resourceNames(rate).reduce(
    (sum, name) => withAmount(sum, name, Math.round(amountOf(rate, name) * elapsedSeconds)),
    rate,
  );
  return {
    elapsedSeconds,
    remainingSeconds: Math.round(remaining.p50),
    usageSoFar,
    ...(task.checkpoint && { checkpoint: task.checkpoint.location }),
    lostSeconds: Math.round(tasks.reduce((sum, each) => sum + lostWork(each, takenAtSeconds), 0)),
  };
}

function taskRef({ id, uid, generation, node }: Task): TaskRef {
  return { id, uid, generation, ...(node !== undefined && { node }) };
}

/** A task that no node could take, and that starts once the migrations are done. */
function startedLater(
  advice: PlacementAdvice,
  to: string | undefined,
  tasks: ReadonlyMap<string, Task>,
  snapshot: Snapshot,
): PlacementAdvice {
  if (to === undefined) return advice;
  const task = tasks.get(advice.taskId)!;
  if (!task.gated) return { ...advice, decision: { kind: 'scheduler', to, afterMigrations: true } };
  const missing = missingRight(snapshot.rights, 'place', task.namespace);
  if (missing !== undefined) return { ...advice, decision: { kind: 'refused', reason: { code: 'right', missing } } };
  return { ...advice, decision: { kind: 'place', to, afterMigrations: true } };
}

function keptAdvice(advice: readonly MigrationAdvice[]): readonly MigrationAdvice[] {
  const useful = advice.filter(({ decision }) => decision.kind !== 'blocked');
  return advice.slice(0, useful.length + MOST_BLOCKED);
}

/** Pools of the nodes that moves touch, by node. */
function poolsOf(moves: readonly Move[], { nodes }: Snapshot): Readonly<Record<string, string>> {
  const touched = new Set(moves.flatMap(nodesOf));
  return Object.fromEntries(
    nodes.flatMap((node) => {
      const pool = touched.has(node.name) ? poolOf(node) : undefined;
      return pool === undefined ? [] : [[node.name, pool]];
    }),
  );
}

function planned(
  { snapshot, hash }: PlanInputs,
  { kept, fewReadings }: Pick<ResizesAdvised, 'kept' | 'fewReadings'>,
  {
    triggers,
    candidates,
    advice,
  }: Pick<PlannedSnapshot, 'triggers' | 'candidates'> & { advice: readonly MigrationAdvice[] },
): PlannedSnapshot {
  const { cluster, takenAtSeconds, tasks, nodes, problems, usage } = snapshot;
  const inPhase = (phase: Task['phase']) => tasks.filter((task) => task.phase === phase).length;
  return {
    cluster,
    takenAtSeconds,
    digest: snapshotDigest(snapshot, hash),
    counts: {
      nodes: nodes.length,
      running: inPhase('running'),
      pending: inPhase('pending'),
      ending: inPhase('ending'),
      measured: tasks.filter(({ id }) => usage[id] !== undefined).length,
      blockedLeftOut: advice.length - keptAdvice(advice).length,
    },
    unresized: kept,
    ...(fewReadings && { fewReadings }),
    triggers,
    candidates,
    problems,
  };
}

/** Names a snapshot by what a plan depends on: clocks, heartbeats and readings leave it as it is. */
function snapshotDigest({ cluster, nodes, tasks }: Snapshot, hash: Hash): string {
  const amounts = (resources: Resources) =>
    resourceNames(resources)
      .map((name) => `${name} ${amountOf(resources, name)}`)
      .join(' ');
  const rows = [
    cluster,
    ...nodes.map(({ name, uid, allocatable, ready }) => `${name} ${uid} ${ready} ${amounts(allocatable)}`),
    ...tasks.map((task) => `${task.uid} ${task.generation} ${task.phase} ${task.node} ${amounts(task.allocation)}`),
  ];
  return hash(rows.join('\n'));
}

function chosenPredictors(predictions: Predictions): Readonly<Record<string, number>> {
  const chosen: Record<string, number> = {};
  for (const { predictor } of Object.values(predictions)) chosen[predictor] = (chosen[predictor] ?? 0) + 1;
  return Object.fromEntries(Object.entries(chosen).sort(([left], [right]) => (left < right ? -1 : 1)));
}
