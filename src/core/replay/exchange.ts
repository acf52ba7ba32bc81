import { hold, release, tightestGpu } from '../fleet/fleet.ts';
import type { Placed, Relocation, SaturatedCluster } from './saturatedCluster.ts';
import {
  admissibleMilli,
  admitAll,
  comeBack,
  demandOf,
  fitsOn,
  kindOf,
  leave,
  move,
  settle,
  takeBack,
  whileAway,
} from './saturatedCluster.ts';

/**
 * Two running tasks exchange their nodes, so that the scattered rest beside the one adds up with that of the other and
 * a waiting task fits: the first stops, the second moves to its place, the first goes on at the place of the second.
 * Both moves are proven by making them. Most gained first; nodes that have changed wait for the next round.
 * @param limit moves at most, two an exchange
 */
export function exchange(cluster: SaturatedCluster, limit: number): Relocation[] {
  const made: Relocation[] = [];
  for (let before = -1; before < made.length; ) {
    before = made.length;
    const touched = new Set<number>();
    for (const { larger, smaller } of exchanges(cluster)) {
      if (made.length + 2 > limit || touched.has(larger.node) || touched.has(smaller.node)) continue;
      const nodes = [larger.node, smaller.node];
      made.push(...tryExchange(cluster, larger, smaller));
      if (larger.node !== nodes[0]) for (const node of nodes) touched.add(node);
    }
  }
  return made;
}

/**
 * `larger` leaves something free when `smaller` takes its place, and fits in the place of `smaller` with the rest
 * there.
 */
type Exchange = { readonly larger: Placed; readonly smaller: Placed; readonly gainMilli: number };

function exchanges(cluster: SaturatedCluster): Exchange[] {
  const kinds = new Map(cluster.onNode.flat().map((task) => [kindOf(task), task]));
  const takers = takersOf(cluster, [...kinds.values()]);
  const found: Exchange[] = [];
  for (const tasks of cluster.onNode) {
    for (const larger of distinct(tasks)) {
      const offers = takers.get(kindOf(larger));
      if (!offers) continue;
      leave(cluster, larger);
      for (const [key, places] of offers) {
        const smaller = places.find((each) => each.node !== larger.node);
        if (!smaller || !fitsOn(cluster, larger.node, kinds.get(key)!)) continue;
        const gainMilli = admissibleBeside(cluster, larger.node, smaller);
        if (gainMilli > 0) for (const place of places) found.push({ larger, smaller: place, gainMilli });
      }
      comeBack(cluster, larger);
    }
  }
  return found.sort((left, right) => right.gainMilli - left.gainMilli);
}

/** By kind that would come, then by kind that would leave for it: the tasks whose place it could take. */
function takersOf(cluster: SaturatedCluster, kinds: readonly Placed[]): Map<string, Map<string, Placed[]>> {
  const takers = new Map<string, Map<string, Placed[]>>();
  for (const tasks of cluster.onNode) {
    for (const smaller of distinct(tasks)) {
      whileAway(cluster, [smaller], () => {
        for (const larger of kinds) {
          if (!isLarger(cluster, larger, smaller) || !fitsOn(cluster, smaller.node, larger)) continue;
          const offers = takers.get(kindOf(larger)) ?? new Map<string, Placed[]>();
          takers.set(kindOf(larger), offers);
          offers.set(kindOf(smaller), [...(offers.get(kindOf(smaller)) ?? []), smaller]);
        }
      });
    }
  }
  return takers;
}

/** Asks for more GPU, or for the same and more CPU. */
function isLarger({ fleet }: SaturatedCluster, one: Placed, other: Placed): boolean {
  const difference = demandOf(fleet, one) - demandOf(fleet, other);
  const cpu = (task: Placed) => fleet.classes.classes[task.classNumber]!.milliCpu;
  return difference > 0 || (difference === 0 && cpu(one) > cpu(other));
}

/** What a node could admit beside a task that came to it. */
function admissibleBeside(cluster: SaturatedCluster, node: number, { classNumber, memoryBytes }: Placed): number {
  const { fleet } = cluster;
  const gpus = hold(fleet, node, classNumber, memoryBytes, tightestGpu(fleet, node, classNumber));
  const milli = admissibleMilli(cluster, node);
  release(fleet, node, classNumber, memoryBytes, gpus);
  return milli;
}

/** The larger one stops, the smaller one takes its place, and the larger one goes on at the place of the smaller. */
function tryExchange(cluster: SaturatedCluster, larger: Placed, smaller: Placed): Relocation[] {
  const here = { node: larger.node, gpus: larger.gpus };
  const there = { node: smaller.node, gpus: smaller.gpus };
  leave(cluster, larger);
  if (fitsOn(cluster, here.node, smaller)) {
    const moved = move(cluster, smaller, here.node);
    if (fitsOn(cluster, there.node, larger)) {
      comeBack(cluster, larger);
      // Its own place is taken by now: it only passes through the count, and is gone again at once.
      const went = move(cluster, larger, there.node);
      if (admissibleMilli(cluster, here.node) > 0) {
        admitAll(cluster, here.node);
        return [moved, { moved: larger, from: went.from, to: went.to, paused: true }];
      }
      leave(cluster, larger);
      settle(cluster, larger, here.node, here.gpus);
      leave(cluster, larger);
    }
    takeBack(cluster, [moved]);
  }
  comeBack(cluster, larger);
  return [];
}

/** One task of each kind and GPU. */
function distinct(tasks: readonly Placed[]): Placed[] {
  return [...new Map(tasks.map((task) => [`${kindOf(task)} ${task.gpus}`, task])).values()];
}
