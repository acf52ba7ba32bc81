import type { Fleet } from '../fleet/fleet.ts';
import type { SolveProgram } from '../model/program.ts';
import type { FleetPolicy } from '../place/policies/fleetPolicy.ts';
import { exchange } from './exchange.ts';
import { regroup } from './regroup.ts';
import type { Placed, Relocation, SaturatedCluster, Step, Unplaced } from './saturatedCluster.ts';
import {
  admissibleMilli,
  admitAll,
  bestOther,
  fitsOn,
  kindOf,
  move,
  saturatedCluster,
  takeBack,
  whileAway,
} from './saturatedCluster.ts';

/** Tasks that leave a GPU together, at most. */
const MOST_LEAVING = 3;

/**
 * The tasks of a saturated cluster: those that hold capacity and those that found none. Moves change `fleet` and
 * `placed`.
 */
export type SaturatedTasks = {
  readonly fleet: Fleet;
  readonly policy: FleetPolicy;
  readonly placed: readonly Placed[];
  readonly unplaced: readonly Unplaced[];
};

/**
 * Moves after saturation, until `limit` are made or none helps. First, up to three tasks leave a GPU for gaps
 * elsewhere, or for the place of one that finds a gap, so that larger ones fit: most gained per move first. Then shares
 * are regrouped (`regroup.ts`), then two tasks exchange places (`exchange.ts`). Each move is proven by making it.
 */
export function relocate(
  { fleet, policy, placed, unplaced }: SaturatedTasks,
  limit: number,
  solve: SolveProgram,
): Relocation[] {
  const cluster = saturatedCluster(fleet, policy, placed, unplaced);
  const made: Relocation[] = [];
  for (let before = -1; before < made.length; ) {
    before = made.length;
    const slots = slotCosts(cluster);
    const withGap = cluster.onNode.flat().filter((task) => slots.get(kindOf(task)) === 1);
    for (const opening of openings(cluster, slots)) {
      if (made.length + opening.cost <= limit) made.push(...tryOpening(cluster, opening, withGap));
    }
    if (before === made.length) made.push(...regroup(cluster, limit - made.length, solve));
    if (before === made.length) made.push(...exchange(cluster, limit - made.length));
  }
  return made;
}

/** Tasks that leave one node, with what could then be admitted there and how many moves that takes. */
type Opening = { readonly tasks: readonly Placed[]; readonly gainMilli: number; readonly cost: number };

function openings(cluster: SaturatedCluster, slots: ReadonlyMap<string, number>): Opening[] {
  const found: Opening[] = [];
  for (const tasks of cluster.onNode) {
    const leaving = tasks.filter((task) => slots.has(kindOf(task)));
    for (const together of Map.groupBy(leaving, ({ gpus }) => gpus).values()) {
      for (const subset of subsets(together)) {
        const gainMilli = whileAway(cluster, subset, () => admissibleMilli(cluster, subset[0]!.node));
        const cost = subset.reduce((sum, task) => sum + slots.get(kindOf(task))!, 0);
        if (gainMilli > 0) found.push({ tasks: subset, gainMilli, cost });
      }
    }
  }
  return found.sort((left, right) => right.gainMilli / right.cost - left.gainMilli / left.cost);
}

/**
 * By kind: how many moves a task of it needs to find a place; 1 where there is a gap, 2 where another leaves for one.
 */
function slotCosts(cluster: SaturatedCluster): Map<string, 1 | 2> {
  const placed = cluster.onNode.flat();
  const kinds = new Map(placed.map((task) => [kindOf(task), task]));
  const costs = new Map<string, 1 | 2>();
  for (const [key, kind] of kinds) if (cluster.onNode.some((_, node) => fitsOn(cluster, node, kind))) costs.set(key, 1);
  for (const task of placed.filter((each) => costs.get(kindOf(each)) === 1)) {
    whileAway(cluster, [task], () => {
      for (const [key, kind] of kinds) if (!costs.has(key) && fitsOn(cluster, task.node, kind)) costs.set(key, 2);
    });
  }
  return costs;
}

/** Every set of up to `MOST_LEAVING` of the tasks; of sets that are alike, one. */
function subsets(tasks: readonly Placed[]): Placed[][] {
  const found = new Map<string, Placed[]>();
  const grow = (chosen: Placed[], from: number) => {
    if (chosen.length > 0) found.set(chosen.map(kindOf).sort().join(), chosen);
    if (chosen.length === MOST_LEAVING) return;
    for (let next = from; next < tasks.length; next += 1) grow([...chosen, tasks[next]!], next + 1);
  };
  grow([], 0);
  return [...found.values()];
}

/** Makes the moves of an opening and admits what then fits, or leaves all as it was. */
function tryOpening(cluster: SaturatedCluster, { tasks, cost }: Opening, withGap: readonly Placed[]): Relocation[] {
  const node = tasks[0]!.node;
  const made: Step[] = [];
  for (const task of tasks) {
    if (task.node === node) made.push(...moveOff(cluster, task, withGap));
  }
  const gone = tasks.every((task) => task.node !== node);
  if (!gone || made.length > cost || admissibleMilli(cluster, node) === 0) {
    takeBack(cluster, made);
    return [];
  }
  admitAll(cluster, node);
  return made;
}

/** Moves a task off its node: into a gap, or into the place of one that finds a gap. Nothing where neither is there. */
function moveOff(cluster: SaturatedCluster, task: Placed, withGap: readonly Placed[]): Step[] {
  const gap = bestOther(cluster, task);
  if (gap >= 0) return [move(cluster, task, gap)];
  for (const other of withGap) {
    if (other.node === task.node || kindOf(other) === kindOf(task)) continue;
    const place = other.node;
    if (!whileAway(cluster, [other], () => fitsOn(cluster, place, task))) continue;
    const otherGap = bestOther(cluster, other, task.node);
    if (otherGap >= 0) return [move(cluster, other, otherGap), move(cluster, task, place)];
  }
  return [];
}
