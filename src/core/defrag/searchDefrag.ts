import type { Band } from '../model/band.ts';
import type { SolveProgram } from '../model/program.ts';
import { addResources, amountOf, type ResourceName, type Resources, shortage } from '../model/resources.ts';
import type { Settings } from '../model/settings.ts';
import type { Since } from '../model/since.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { outlivesAll, remainingTime } from '../place/availableTime.ts';
import { type ClusterCapacity, type NodeCapacity, nodeCapacity, withTask } from '../place/capacity.ts';
import { type NodeFilter, nodeFilter } from '../place/filter.ts';
import type { Predictions } from '../predict/prediction.ts';
import { type Candidate, findCandidates } from './candidates.ts';
import { findTarget, type NoTarget } from './findTarget.ts';
import {
  type Budgets,
  budgetsOf,
  disrupted,
  type Group,
  groupTasks,
  type Immovable,
  immovable,
  nodeShare,
} from './movable.ts';
import { type RepackFacts, repackFor } from './repackNodes.ts';
import { findTriggers, type Trigger, withoutWork } from './triggers.ts';

/** What the search says of one group of tasks: moved, waited for, or why not. */
export type MigrationAdvice = {
  /** What stops and resumes together; empty where nothing of the goal's node can be named. */
  readonly taskIds: readonly string[];
  readonly from?: string;
  readonly to?: string;
  /** Mean usage of the target before the move (S409). */
  readonly targetUsageFraction?: number;
  readonly goal: Goal;
  readonly remaining?: Band;
  /** Work this group loses, summed over its tasks. */
  readonly lostSeconds: number;
  /** The whole goal's: what it wins and what all its moves cost, in shares of a node × seconds. */
  readonly gainNodeSeconds: number;
  readonly costNodeSeconds: number;
  readonly decision: MigrationDecision;
  /** Where the goal's moves repack several nodes at once (a saturated cluster): how good that packing is. */
  readonly repack?: RepackFacts;
};

/**
 * What a set of moves is for. `savedSeconds` is what the running tasks' predicted ends tell; in a plan with a forecast,
 * in which others arrive meanwhile, that of a task it starts is the forecast's, at the median.
 */
export type Goal =
  /** A task that no node can take starts on `node`, `savedSeconds` before it would by itself. */
  | {
      readonly kind: 'start';
      readonly taskId: string;
      readonly request: Resources;
      readonly node?: string;
      readonly savedSeconds: number;
    }
  /** All of a node's dominant resource is free, `savedSeconds` before its tasks have ended by themselves. */
  | {
      readonly kind: 'free';
      readonly node: string;
      readonly resource: ResourceName;
      readonly amount: number;
      readonly savedSeconds: number;
    };

export type MigrationDecision =
  | { readonly kind: 'migrate' }
  /**
   * What the goal wants comes by itself before a move pays off: `taskId` ends at `untilSeconds`. `outlived`: a guess.
   */
  | { readonly kind: 'wait'; readonly untilSeconds: number; readonly taskId: string; readonly outlived: boolean }
  | { readonly kind: 'blocked'; readonly reason: Blocked };

/** The first rule that keeps a marked group, or a goal, from being moved. */
export type Blocked =
  | Immovable
  | NoTarget
  /** Another task keeps the node from being freed, so moving this one wins nothing. */
  | { readonly code: 'neighbour'; readonly taskId: string; readonly reason: Immovable | NoTarget }
  /** Its node takes tasks in this plan, so its own tasks lose their mark (S409). */
  | { readonly code: 'target' }
  /** No node that could take the task keeps enough free to be a candidate. */
  | { readonly code: 'noCandidate'; readonly thresholdFraction: number; readonly nodes: number }
  /** Nothing that may move frees enough. */
  | { readonly code: 'stuck' }
  | { readonly code: 'gain'; readonly ratio: number };

export type DefragSearch = {
  readonly triggers: readonly Trigger[];
  readonly candidates: readonly Candidate[];
  /** Moves first, longest remaining first (LARS); then waits, soonest first; then what is blocked. */
  readonly advice: readonly MigrationAdvice[];
  /**
   * Groups to move, with where to: longest remaining first, then those of repacks, each in the order in which they fit.
   */
  readonly moves: readonly { readonly group: Group; readonly to: string }[];
  /** Tasks that start once the moves are done, with their node. */
  readonly starts: readonly { readonly task: Task; readonly to: string }[];
  readonly capacity: ClusterCapacity;
  readonly since: Since;
};

export type DefragInputs = {
  readonly snapshot: Snapshot;
  /** Its capacity, or what earlier moves of the same plan leave of it. */
  readonly capacity: ClusterCapacity;
  /** Pending tasks that no node can take, the most urgent first. */
  readonly unplaced: readonly Task[];
  /** Tasks that other moves of the same plan touch: they stay, though a target would take them. */
  readonly busy: ReadonlySet<string>;
  readonly predictions: Predictions;
  readonly settings: Settings;
  readonly since: Since;
  /** Solves the programs of repacks; absent: nothing is repacked. */
  readonly solve?: SolveProgram;
};

/** Candidates tried for one task, those with the largest free share first. */
const MOST_WAYS = 64;

/** Tasks for which nodes are repacked in one search: each may take a second. */
const MOST_REPACKED = 4;

/** Reasons that are given for one task that cannot be helped. */
const MOST_REASONS = 8;

/** Pending tasks that one search tries to start; the next plan goes on with the rest. */
const MOST_STARTS = 50;

/**
 * S406–S410 as a search. Once a trigger has held, it frees capacity for tasks that stay unscheduled, then (trigger a)
 * whole nodes, least used first. Where no node can be cleared for a task, it repacks a few (`repackNodes.ts`). It takes
 * a set of moves that wins at least `gainRatio` times its cost. No target is freed and no freed node is a target, so
 * moves fit in any order; they come longest remaining first (LARS).
 */
export function searchDefrag(inputs: DefragInputs): DefragSearch {
  const { snapshot, capacity, unplaced, predictions, settings, since } = inputs;
  const found = findTriggers(unplaced, capacity, settings, since, snapshot.takenAtSeconds);
  const candidates = findCandidates(snapshot, capacity, settings);
  const budgets = budgetsOf(snapshot);
  const nothing = {
    capacity,
    budgets,
    freed: [],
    targets: [],
    advice: [],
    moves: [],
    repacked: [],
    repacksTried: 0,
    starts: [],
  };
  const unscheduled = new Set(
    found.triggers.flatMap((each) => (each.kind === 'unscheduled' && each.held ? each.taskId : [])),
  );
  const starts = unplaced.filter(({ id }) => unscheduled.has(id)).slice(0, MOST_STARTS);
  const drains = found.triggers.some(({ kind, held }) => kind === 'freeNodes' && held) ? [...candidates].reverse() : [];
  const idle = starts.length + drains.length === 0;
  const groups = idle ? new Map() : groupTasks(snapshot, capacity, predictions, settings);
  const ending = rememberedByNode(({ tasks }) => endingTasks(tasks, inputs));
  const open = new Map(candidates.map((each) => [each.node, each.freeFraction]));
  const context = { ...inputs, candidates, open, groups, ending, empty: capacity.nodes.map(withoutWork) };
  const started = starts.reduce((state: State, task) => startTask(task, state, context), nothing);
  const { advice, moves, repacked, ...rest } = drains.reduce(
    (state, { node }) => freeNode(node, state, context),
    started,
  );
  return {
    ...found,
    candidates,
    advice: advice.toSorted(byUrgency),
    moves: [...moves.toSorted((left, right) => right.group.remaining.p50 - left.group.remaining.p50), ...repacked],
    starts: rest.starts,
    capacity: rest.capacity,
  };
}

/** What the goals taken so far leave. */
type State = Pick<DefragSearch, 'capacity' | 'advice' | 'moves' | 'starts'> & {
  readonly budgets: Budgets;
  readonly freed: readonly string[];
  readonly targets: readonly string[];
  /** Moves of repacks, whose order counts. */
  readonly repacked: DefragSearch['moves'];
  /** Tasks for which a repack was sought. */
  readonly repacksTried: number;
};

type Context = DefragInputs & {
  readonly candidates: readonly Candidate[];
  /** Free share of each candidate, by its node. */
  readonly open: ReadonlyMap<string, number>;
  /** By the id of each of its tasks. */
  readonly groups: ReadonlyMap<string, Group>;
  /** Tasks of a node that end by themselves, the next one first. */
  readonly ending: (held: NodeCapacity) => readonly Ending[];
  /** Nodes with nothing but infrastructure on them. */
  readonly empty: readonly NodeCapacity[];
};

type Ending = { readonly task: Task; readonly inSeconds: number };

/** What a `wait` says of the end it waits for. */
type End = Omit<MigrationDecision & { kind: 'wait' }, 'kind'>;

/** A way to reach a goal: groups that leave a node, each with its target. */
type Clearing = {
  readonly node: string;
  readonly moves: readonly { readonly group: Group; readonly to: string; readonly targetUsageFraction?: number }[];
  readonly capacity: ClusterCapacity;
  readonly budgets: Budgets;
  readonly costNodeSeconds: number;
  readonly repack?: RepackFacts;
};

type Failed = { readonly group: Group; readonly reason: Immovable | NoTarget };

/** Frees capacity for a task that no node can take: on the candidate where it wins most over what it costs. */
function startTask(task: Task, before: State, context: Context): State {
  const filter = nodeFilter(task, before.capacity);
  const already = before.capacity.nodes.find((held) => !filter(held));
  if (already) return startOn(task, already.node.name, before);
  const able = before.capacity.nodes.filter((_, index) => !filter(context.empty[index]!));
  const itself = startsByItself(task.allocation, able, filter, context);
  const goal = startGoal(task, itself, context);
  const ways = waysToStart({ task, able, filter }, before, context);
  const cleared = bestWay(task, goal, ways, before);
  const state = cleared ? before : { ...before, repacksTried: before.repacksTried + 1 };
  const best =
    cleared ?? (before.repacksTried < MOST_REPACKED ? repacked(task, able, goal, before, context) : undefined);
  if (!best) return addAdvice(state, whyNotStarted(goal, able.length, ways, context));
  const { way, gainNodeSeconds } = best;
  const decision = decide(gainNodeSeconds, way.costNodeSeconds, itself && endOf(itself, context), context.settings);
  const advice = way.moves.map((move) => adviceOf(move, way, { ...goal, node: way.node }, gainNodeSeconds, decision));
  const advised = addAdvice(state, advice);
  return decision.kind === 'migrate' ? startOn(task, way.node, taken(advised, way)) : advised;
}

type StartGoal = Goal & { readonly kind: 'start' };

/** What starting now saves over waiting: until the task fits by itself, or the horizon where it never does. */
function startGoal({ id: taskId, request }: Task, itself: Ending | undefined, { settings }: Context): StartGoal {
  const savedSeconds = (itself?.inSeconds ?? settings.planningHorizonSeconds) - settings.restartSeconds;
  return { kind: 'start', taskId, request, savedSeconds: Math.max(0, savedSeconds) };
}

/** A node that was tried: how it can be cleared, or who keeps it from that. */
type Tried = {
  readonly held: NodeCapacity;
  readonly way: Clearing | { readonly failed: readonly Failed[] };
};

/** Tries the candidates that could take the task, those with the largest free share first. */
function waysToStart(
  { task, able, filter }: { readonly task: Task; readonly able: readonly NodeCapacity[]; readonly filter: NodeFilter },
  state: State,
  context: Context,
): Tried[] {
  const freeFraction = ({ node }: NodeCapacity) => context.open.get(node.name) ?? 0;
  return able
    .filter(({ node }) => context.open.has(node.name) && !state.targets.includes(node.name))
    .sort((left, right) => freeFraction(right) - freeFraction(left))
    .slice(0, MOST_WAYS)
    .map((held) => ({ held, way: capacityFor(task, held, filter, state, context) }));
}

type Won = { readonly way: Clearing; readonly gainNodeSeconds: number };

/** The way that wins most over what it costs. */
function bestWay(task: Task, goal: Goal, tried: readonly Tried[], { capacity }: State): Won | undefined {
  const open = tried.flatMap(({ held, way }) => {
    if ('failed' in way) return [];
    const gainNodeSeconds = goal.savedSeconds * nodeShare(task, capacity, held.node.name);
    return [{ way, gainNodeSeconds, net: gainNodeSeconds - way.costNodeSeconds }];
  });
  return open.sort((left, right) => right.net - left.net)[0];
}

function whyNotStarted(
  goal: StartGoal,
  able: number,
  tried: readonly Tried[],
  { settings: { candidateFreeFraction: thresholdFraction } }: Context,
): MigrationAdvice[] {
  if (tried.length === 0) return [goalBlocked(goal, { code: 'noCandidate', thresholdFraction, nodes: able })];
  const blocked = tried.flatMap(({ held, way }) => {
    if (!('failed' in way)) return [];
    return way.failed.map(({ group, reason }) => groupBlocked(group, { ...goal, node: held.node.name }, reason));
  });
  return blocked.length > 0 ? blocked.slice(0, MOST_REASONS) : [goalBlocked(goal, { code: 'stuck' })];
}

/** A few nodes repacked so that the task fits, with what that gains. */
function repacked(
  task: Task,
  able: readonly NodeCapacity[],
  { savedSeconds }: Goal,
  state: State,
  context: Context,
): Won | undefined {
  const { snapshot, settings, busy, groups, empty, solve } = context;
  if (!solve) return undefined;
  const closed = new Set([...state.freed, ...state.targets]);
  const found = repackFor(task, {
    takenAtSeconds: snapshot.takenAtSeconds,
    capacity: state.capacity,
    able: able.filter(({ node }) => !closed.has(node.name)),
    emptied: (name) => empty[state.capacity.indexOf.get(name)!]!,
    movable({ id }) {
      const group = groups.get(id);
      return group && !busy.has(id) && !unmovable(group, state, context) ? group : undefined;
    },
    payoffSeconds: settings.restartSeconds,
    solve,
  });
  if (!found) return undefined;
  let { budgets } = state;
  for (const { group } of found.moves) {
    if (immovable(group, snapshot, budgets)) return undefined;
    budgets = disrupted(group, budgets);
  }
  const { node, moves, capacity, facts } = found;
  const costNodeSeconds = moves.reduce((sum, { group }) => sum + group.costNodeSeconds, 0);
  const gainNodeSeconds = savedSeconds * nodeShare(task, capacity, node);
  return { way: { node, moves, capacity, budgets, costNodeSeconds, repack: facts }, gainNodeSeconds };
}

/** Frees all of a candidate's dominant resource. */
function freeNode(node: string, state: State, context: Context): State {
  const { settings, candidates, groups } = context;
  const held = nodeOf(state.capacity, node);
  if (state.freed.includes(node)) return state;
  const { resource } = candidates.find((each) => each.node === node)!;
  const holding = held.tasks.filter((task) => !task.infrastructure && amountOf(task.allocation, resource) > 0);
  const arrived = new Set([...state.moves, ...state.repacked].map(({ group }) => group));
  const leaving = [...new Set(holding.flatMap(({ id }) => groups.get(id) ?? []))].filter(
    (group) => !arrived.has(group),
  );
  if (leaving.length === 0) return state;
  const last = leaving.reduce((latest, group) => (group.remaining.p50 > latest.remaining.p50 ? group : latest));
  const savedSeconds = Math.max(0, last.remaining.p50 - settings.restartSeconds);
  const amount = amountOf(held.node.allocatable, resource);
  const goal: Goal = { kind: 'free', node, resource, amount, savedSeconds };
  if (state.targets.includes(node)) {
    return addAdvice(
      state,
      leaving.map((group) => groupBlocked(group, goal, { code: 'target' })),
    );
  }
  const way = clear(node, leaving, state, context);
  if ('failed' in way) {
    const { group: stays, reason } = way.failed[0]!;
    const neighbour: Blocked = { code: 'neighbour', taskId: stays.tasks[0]!.id, reason };
    const blocked = leaving.map((group) => {
      if (group === stays) return groupBlocked(group, goal, reason);
      return groupBlocked(group, goal, unmovable(group, state, context) ?? neighbour);
    });
    return addAdvice(state, blocked);
  }
  const until = endOf({ task: last.tasks[0]!, inSeconds: last.remaining.p50 }, context);
  const decision = decide(savedSeconds, way.costNodeSeconds, until, settings);
  const advised = addAdvice(
    state,
    way.moves.map((move) => adviceOf(move, way, goal, savedSeconds, decision)),
  );
  return decision.kind === 'migrate' ? taken(advised, way) : advised;
}

/** Moves pay off, or waiting does, or nothing. */
function decide(
  gainNodeSeconds: number,
  costNodeSeconds: number,
  itself: End | undefined,
  { gainRatio }: Settings,
): MigrationDecision {
  if (gainNodeSeconds > 0 && gainNodeSeconds >= gainRatio * costNodeSeconds) return { kind: 'migrate' };
  return itself ? { kind: 'wait', ...itself } : { kind: 'blocked', reason: { code: 'gain', ratio: gainRatio } };
}

/**
 * The cheapest groups whose leaving lets the task in: taken cheapest first until it fits, then those that turn out not
 * to be needed stay. A group without a target is passed over.
 */
function capacityFor(
  task: Task,
  held: NodeCapacity,
  filter: NodeFilter,
  state: State,
  context: Context,
): Clearing | { readonly failed: readonly Failed[] } {
  const fits = (leaving: readonly Group[]) => !filter(without(held, leaving));
  const groups = [...new Set(held.tasks.flatMap(({ id }) => context.groups.get(id) ?? []))];
  const staying = new Map<Group, Immovable | NoTarget>();
  for (const group of groups) {
    const reason = unmovable(group, state, context);
    if (reason) staying.set(group, reason);
  }
  for (;;) {
    const movable = groups
      .filter((group) => !staying.has(group))
      .sort((left, right) => left.costNodeSeconds - right.costNodeSeconds);
    let leaving: Group[] = [];
    for (const group of movable) if (!fits(leaving)) leaving.push(group);
    if (!fits(leaving)) return { failed: [...staying].map(([group, reason]) => ({ group, reason })) };
    for (const group of [...leaving].reverse()) {
      const fewer = leaving.filter((each) => each !== group);
      if (fits(fewer)) leaving = fewer;
    }
    const way = clear(held.node.name, leaving, state, context);
    if ('failed' in way) for (const { group, reason } of way.failed) staying.set(group, reason);
    else return nodeFilter(task, way.capacity)(nodeOf(way.capacity, way.node)) ? { failed: [] } : way;
  }
}

/** Moves groups off a node, each to its S409 target, budgets and capacity counted down with every one. */
function clear(
  node: string,
  leaving: readonly Group[],
  state: State,
  context: Context,
): Clearing | { readonly failed: readonly Failed[] } {
  const { snapshot, predictions, settings, candidates, busy } = context;
  const closed = new Set([...state.freed, node]);
  let { capacity, budgets } = state;
  const moves: Clearing['moves'][number][] = [];
  for (const group of leaving) {
    const reason = unmovable(group, { ...state, budgets }, context);
    if (reason) return { failed: [{ group, reason }] };
    const nowSeconds = snapshot.takenAtSeconds;
    const target = findTarget(group, capacity, candidates, closed, { predictions, settings, nowSeconds });
    if ('code' in target) return { failed: [{ group, reason: target }] };
    const resized = group.tasks.find(({ id }) => busy.has(id));
    if (resized) return { failed: [{ group, reason: { code: 'unsteady', taskId: resized.id, phase: 'resizing' } }] };
    capacity = target.capacity;
    budgets = disrupted(group, budgets);
    moves.push({ group, to: target.node, targetUsageFraction: target.usageFraction });
  }
  const costNodeSeconds = leaving.reduce((sum, group) => sum + group.costNodeSeconds, 0);
  return { node, moves, capacity, budgets, costNodeSeconds };
}

/** Why a group stays whatever the target: its own reasons, or another move of this plan. */
function unmovable(
  group: Group,
  { budgets, moves, repacked: others }: State,
  { snapshot }: Context,
): Immovable | undefined {
  if ([...moves, ...others].some((move) => move.group === group))
    return { code: 'unsteady', taskId: group.tasks[0]!.id, phase: 'moving' };
  return immovable(group, snapshot, budgets);
}

/**
 * When the task first fits somewhere if nothing is done: each node's tasks end at their medians, endless ones never.
 */
function startsByItself(
  wanted: Resources,
  able: readonly NodeCapacity[],
  filter: NodeFilter,
  { ending }: Context,
): Ending | undefined {
  let soonest: Ending | undefined;
  for (const held of able) {
    const gone = new Set<Task>();
    let { free } = held;
    for (const next of ending(held)) {
      if (soonest && next.inSeconds >= soonest.inSeconds) break;
      gone.add(next.task);
      free = addResources(free, next.task.allocation);
      if (shortage(wanted, free)) continue; // no need to ask the filter
      const left = held.tasks.filter((each) => !gone.has(each));
      if (!filter(nodeCapacity(held.node, left))) soonest = next;
    }
  }
  return soonest;
}

function endOf({ task, inSeconds }: Ending, { snapshot, predictions }: DefragInputs): End {
  const nowSeconds = snapshot.takenAtSeconds;
  const outlived = outlivesAll(task, predictions[task.id], nowSeconds);
  return { untilSeconds: nowSeconds + inSeconds, taskId: task.id, outlived };
}

function endingTasks(tasks: readonly Task[], { snapshot, predictions, settings }: DefragInputs): Ending[] {
  const { planningHorizonSeconds } = settings;
  return tasks
    .filter(({ endless, infrastructure }) => !endless && !infrastructure)
    .map((task) => {
      const remaining = remainingTime(task, predictions[task.id], planningHorizonSeconds, snapshot.takenAtSeconds);
      return { task, inSeconds: remaining.p50 };
    })
    .sort((left, right) => left.inSeconds - right.inSeconds);
}

function rememberedByNode<Value>(compute: (held: NodeCapacity) => Value): (held: NodeCapacity) => Value {
  const known = new WeakMap<NodeCapacity, Value>();
  return (held) => {
    const value = known.get(held) ?? compute(held);
    known.set(held, value);
    return value;
  };
}

function startOn(task: Task, to: string, state: State): State {
  return {
    ...state,
    capacity: withTask(state.capacity, task, to),
    starts: [...state.starts, { task, to }],
    freed: [...state.freed, to],
  };
}

function taken(state: State, { node, moves, capacity, budgets, repack }: Clearing): State {
  const made = moves.map(({ group, to }) => ({ group, to }));
  if (repack) {
    // Nodes of a repack are all freed and filled at once: nothing else may count on them.
    const { nodes } = repack;
    const closed = { freed: [...state.freed, ...nodes], targets: [...state.targets, ...nodes] };
    return { ...state, ...closed, capacity, budgets, repacked: [...state.repacked, ...made] };
  }
  return {
    ...state,
    capacity,
    budgets,
    freed: [...state.freed, node],
    targets: [...state.targets, ...moves.map(({ to }) => to)],
    moves: [...state.moves, ...made],
  };
}

function addAdvice(state: State, advice: readonly MigrationAdvice[]): State {
  return { ...state, advice: [...state.advice, ...advice] };
}

function adviceOf(
  { group, to, targetUsageFraction }: Clearing['moves'][number],
  { costNodeSeconds, repack }: Clearing,
  goal: Goal,
  gainNodeSeconds: number,
  decision: MigrationDecision,
): MigrationAdvice {
  const { remaining, lostSeconds } = group;
  const where = { taskIds: group.tasks.map(({ id }) => id), from: group.tasks[0]!.node!, to };
  const target = { ...(targetUsageFraction !== undefined && { targetUsageFraction }), ...(repack && { repack }) };
  return { ...where, ...target, goal, remaining, lostSeconds, gainNodeSeconds, costNodeSeconds, decision };
}

function groupBlocked(group: Group, goal: Goal, reason: Blocked): MigrationAdvice {
  const { remaining, lostSeconds, costNodeSeconds } = group;
  const tasks = [...group.tasks].sort(
    (left, right) => Number(right.node === goal.node) - Number(left.node === goal.node),
  );
  const where = { taskIds: tasks.map(({ id }) => id), from: tasks[0]!.node! };
  const decision = { kind: 'blocked', reason } as const;
  return { ...where, goal, remaining, lostSeconds, gainNodeSeconds: goal.savedSeconds, costNodeSeconds, decision };
}

function goalBlocked(goal: Goal, reason: Blocked): MigrationAdvice {
  const decision = { kind: 'blocked', reason } as const;
  return { taskIds: [], goal, lostSeconds: 0, gainNodeSeconds: 0, costNodeSeconds: 0, decision };
}

function without(held: NodeCapacity, leaving: readonly Group[]): NodeCapacity {
  const gone = new Set(leaving.flatMap(({ tasks }) => tasks.map(({ id }) => id)));
  return nodeCapacity(
    held.node,
    held.tasks.filter(({ id }) => !gone.has(id)),
  );
}

function nodeOf(capacity: ClusterCapacity, name: string): NodeCapacity {
  return capacity.nodes[capacity.indexOf.get(name)!]!;
}

/** Moves by remaining time, longest first; waits by their end; the rest as found. */
function byUrgency(left: MigrationAdvice, right: MigrationAdvice): number {
  const kinds = ['migrate', 'wait', 'blocked'];
  const kind = kinds.indexOf(left.decision.kind) - kinds.indexOf(right.decision.kind);
  if (kind !== 0) return kind;
  if (left.decision.kind === 'wait' && right.decision.kind === 'wait') {
    return left.decision.untilSeconds - right.decision.untilSeconds;
  }
  return left.decision.kind === 'migrate' ? right.remaining!.p50 - left.remaining!.p50 : 0;
}
